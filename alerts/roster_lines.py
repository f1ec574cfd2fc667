"""The line that pings people: mentions of ids from the settings, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts import blocks
from alerts.blocks import Block
from alerts.context import Context
from alerts.decision import Reason
from alerts.records import Incident
from alerts.roster import channel_of, whom
from alerts.thread_words import thread_words

_CALLS = frozenset({Reason.GROWN, Reason.ESCALATED, Reason.REOPENED})


def of_root(incident: Incident, context: Context) -> list[Block]:
    """Who is pinged by the root message; none once it is over.

    An edit tells of the same people as the post did, whoever is on duty by then: it pings nobody.
    """
    if incident.status == "resolved":
        return []
    return _line(whom(incident, _told_at(incident, context), context.roster), context)


def of_reply(incident: Incident, context: Context, why: Reason) -> list[Block]:
    """Who is pinged by a reply: whoever is on duty when it gets worse, the second group when nobody has reacted.

    Nobody is once somebody has taken the incident over.
    """
    if incident.acknowledged_by is not None or (why not in _CALLS and why is not Reason.REMINDER):
        return []
    at = context.wall.astimezone(context.timezone)
    return _line(whom(incident, at, context.roster, escalated=why is Reason.REMINDER), context)


def place(incident: Incident, context: Context) -> dict[str, str]:
    """The argument `channel` of a root message that is still to be posted into a second channel, else nothing."""
    channel = channel_of(incident, context.roster) if incident.slack is None else None
    return {} if channel is None else {"channel": channel}


def _line(ids: list[str], context: Context) -> list[Block]:
    if not ids:
        return []
    parts = [blocks.words(thread_words(context.language).on_duty)]
    for index, one in enumerate(ids):
        parts.extend([blocks.words(" ")] if index else [])
        parts.append(blocks.owner(one, context.language))
    return [blocks.rich(blocks.line(*parts))]


def _told_at(incident: Incident, context: Context) -> datetime:
    """When the root message was posted, by Slack's own time of it; now for one that is still to be posted."""
    if incident.slack is not None:
        try:
            return datetime.fromtimestamp(float(incident.slack.ts), UTC).astimezone(context.timezone)
        except (ValueError, OverflowError, OSError):
            pass
    return context.wall.astimezone(context.timezone)
