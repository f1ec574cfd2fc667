"""A local stand-in for Slack's Web API: keeps messages as Slack does, and fails on command or at random.

The demo, the latency bench and the tests put the real slack-sdk in front of it. `channel` keeps messages,
`faults` holds what can go wrong, `server` answers over HTTP.

`python -m streams.fake_slack --port 8085` runs it alone; point `SLACK_API_URL` at the address it prints.
`GET /messages` lists what stands in the channel, `POST /switch` turns its troubles on and off.
"""

from streams.fake_slack.channel import CHANNEL_ID, Message
from streams.fake_slack.faults import Fault, RandomFaults, State
from streams.fake_slack.server import FakeSlack, Moment, Request

__all__ = ["CHANNEL_ID", "FakeSlack", "Fault", "Message", "Moment", "RandomFaults", "Request", "State"]
