"""Incidents put back by `restore` are known to a worker that finds nothing else: their messages stay theirs."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from shop import burst
from slack_stand_in import until
from told_channel import spike
from worker_process import WorkerProcess

from alerts.campaign_notice import EVENT_TYPE as NOTICE
from alerts.incident import incident_id
from alerts.message import EVENT_TYPE
from alerts.records import Answer, Campaign, Incident
from streams.compacted import read_compacted
from streams.fake_slack import CHANNEL_ID, FakeSlack, Message
from streams.publish import publisher
from streams.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]
BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=12)
OPEN, OVER = spike(reason="voucher <!channel>", onset=BEGUN), spike(reason="return", onset=BEGUN)
OPEN_ID, OVER_ID = incident_id(OPEN), incident_id(OVER)


def say(settings: Settings, topic: str, *said: msgspec.Struct, key: str = "key") -> None:
    """Write records."""
    with publisher(settings, topic) as outlet:
        for one in said:
            outlet.send(key, msgspec.json.encode(one))
        outlet.flush()


def answered(settings: Settings) -> None:
    """People took both over, one of them a second time, and said of the one what it was."""
    at = datetime.now(UTC)
    say(
        settings,
        "answers",
        Answer(incident_id=OPEN_ID, kind="acknowledged", by="U1", at=at),
        Answer(incident_id=OPEN_ID, kind="acknowledged", by="U2", at=at + timedelta(seconds=1)),
        Answer(incident_id=OVER_ID, kind="acknowledged", by="U1", at=at + timedelta(seconds=2)),
        Answer(incident_id=OVER_ID, kind="useful", by="U1", at=at + timedelta(seconds=3)),
    )


def incidents(settings: Settings) -> dict[str, Incident]:
    """What stands on the topic, by id."""
    found = (
        msgspec.json.decode(one, type=Incident) for one in read_compacted(settings, "incidents").values()
    )
    return {one.incident_id: one for one in found}


def stand(slack: FakeSlack) -> dict[str, Message]:
    """The root messages by what they are about; an incident's by its id."""
    told = {}
    for one in slack.roots():
        metadata = one.payload["metadata"]
        about = metadata["event_payload"].get("incident_id", metadata["event_type"])
        assert about not in told, "a root message stands twice"
        told[about] = one
    return told


async def test_incidents_put_back_on_empty_topics_go_on_in_their_own_messages_and_nothing_is_said_twice(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    ticketspike: Run,
    tmp_path: Path,
) -> None:
    first, second = make_settings(), make_settings()
    file = tmp_path / "backup.jsonl"
    async with FakeSlack() as slack:
        reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": CHANNEL_ID, "SLACK_API_URL": slack.url}
        reach["TICKETSPIKE_CAMPAIGN_NOTICE_HOURS"] = "24"
        soon = datetime.now(UTC) + timedelta(hours=20)
        campaign = Campaign(id="c", name="Sommer", starts_at=soon, ends_at=soon + timedelta(days=1))
        await asyncio.to_thread(say, first, "campaigns", campaign, key="c")
        worker = WorkerProcess(
            executable, environment(first) | reach, tmp_path / "first.log", "--only", "notify"
        )
        await asyncio.to_thread(worker.start)
        try:
            await asyncio.to_thread(say, first, "spikes", OPEN, OVER)
            assert await until(lambda: set(stand(slack)) == {OPEN_ID, OVER_ID, NOTICE}, 60), worker.said()
            await asyncio.to_thread(answered, first)
            over = spike("cleared", 20, 11, reason="return", onset=BEGUN)
            await asyncio.to_thread(say, first, "spikes", over)
            assert await until(lambda: "✅" in stand(slack)[OVER_ID].payload["text"], 60), worker.said()
            assert await until(lambda: len(slack.channel.whispers) == 1, 30), worker.said()
            # All that was said stands on the topic, too.
            assert await until(lambda: len(incidents(first)[OVER_ID].answers) == 2, 30)
        finally:
            assert await asyncio.to_thread(worker.stop) == 0
        before = {about: (one.ts, len(slack.replies(one))) for about, one in stand(slack).items()}
        known = await asyncio.to_thread(incidents, first)
        assert {one.status for one in known.values()} == {"open", "resolved"}
        assert all(one.slack is not None for one in known.values())

        saved = await asyncio.to_thread(ticketspike, "backup", file, "--json", env=environment(first))
        assert json.loads(saved.stdout) == {"baselines": 0, "campaigns": 1, "answers": 4, "incidents": 2}
        done = await asyncio.to_thread(ticketspike, "restore", file, "--json", env=environment(second))
        assert json.loads(done.stdout)["incidents"] == {"restored": 2, "stood": 0}, done.stdout
        assert await asyncio.to_thread(incidents, second) == known

        new = environment(second) | reach | {"TICKETSPIKE_DATA_DIR": str(tmp_path / "second")}
        worker = WorkerProcess(executable, new, tmp_path / "second.log")
        await asyncio.to_thread(worker.start)
        try:
            # Nobody states the open one any more: it ends, in its own message, with one reply.
            assert await until(lambda: "✅" in stand(slack)[OPEN_ID].payload["text"], 60), worker.said()
            assert await until(
                lambda: len(slack.replies(stand(slack)[OPEN_ID])) == before[OPEN_ID][1] + 1, 30
            )
            after = await asyncio.to_thread(incidents, second)
            assert [one.status for one in after.values()] == ["resolved", "resolved"]
            for name, one in after.items():
                assert (one.answers, one.acknowledged_by, one.slack) == (
                    known[name].answers,
                    known[name].acknowledged_by,
                    known[name].slack,
                )
            # It rises again within half an hour: the same incident, in the same message.
            await asyncio.to_thread(burst, second)
            assert await until(lambda: "✅" not in stand(slack)[OPEN_ID].payload["text"], 60), worker.said()
            # Whatever comes late would come by now, as the channel is looked through after half a minute.
            await asyncio.sleep(35)
        finally:
            assert await asyncio.to_thread(worker.stop) == 0
        assert {about: one.ts for about, one in stand(slack).items()} == {
            about: ts for about, (ts, _) in before.items()
        }
        assert len(slack.replies(stand(slack)[OVER_ID])) == before[OVER_ID][1]
        assert [whisper.user for whisper in slack.channel.whispers] == ["U2"]
        assert stand(slack)[OPEN_ID].payload["metadata"]["event_type"] == EVENT_TYPE
    assert "Traceback" not in worker.said()
