"""What `doctor` finds about each source that the file names: whether anything came, and what to do where not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.source_records import RefusedFor, SourceStanding, SourceState
from alerts.source_standing import UNHEARD_AFTER, standing
from streams.compacted import read_compacted
from streams.errors import Failure
from streams.findings import Finding
from streams.reading import read
from streams.settings import Settings

LONG = timedelta(days=1)
"""A source that brought nothing for so long is worth a look, even where it is a small one."""
_REMEDIES: Mapping[RefusedFor, str] = {
    "forged": "not signed as expected: compare the secret, see that the proxy changes nothing, and the clock",
    "malformed": "no JSON, compressed or too large: see how the helpdesk sends them",
    "refused": "no record in the body: try one with `ticketspike sources try NAME FILE`",
    "busy": "more than can be taken at once: let a second worker take webhooks, too",
    "kafka_away": "Kafka did not take them: see the findings on Kafka",
}


def look_at_sources(settings: Settings, path: Path) -> list[Finding]:
    """One finding for each source of a file that can be read, as the workers state it."""
    from streams.sources.source_files import listened_to, read_pulled_sources

    try:
        rows = read_compacted(settings, "source-health").values()
    except Failure as error:
        return [Finding("source", "note", f"how each is was not looked at ({error})")]
    states = [one for value in rows if (one := read(value, SourceState)) is not None]
    return source_findings(listened_to(path), read_pulled_sources(path), states, datetime.now(UTC))


def source_findings(
    sends: Iterable[str], asked: Iterable[str], states: Sequence[SourceState], now: datetime
) -> list[Finding]:
    """One finding for each source of the file.

    Args:
        sends: names of those that send webhooks.
        asked: names of those that are asked on a timer.
        states: as workers stated them.
        now: wall time.
    """
    named = [(name, f"/hooks/{name}") for name in sends] + [(name, "asked on a timer") for name in asked]
    return [_finding(name, how, [one for one in states if one.source == name], now) for name, how in named]


def _finding(name: str, how: str, states: Sequence[SourceState], now: datetime) -> Finding:
    begin = f"{name} ({how}): "
    if not states:
        text = "no worker has told of it; start one with TICKETSPIKE_SOURCES set"
        return Finding("source", "note", begin + text)
    found = standing(name, states, now)
    last = (
        "nothing came yet"
        if found.last_event_at is None
        else f"the last came {_ago(found.last_event_at, now)}"
    )
    trouble = _trouble(found, now)
    if trouble is not None:
        wrong = found.cause in ("refused", "away")
        return Finding("source", "wrong" if wrong else "note", f"{begin}{last}; {trouble}")
    gaps = sum(one.gaps for one in states if now - one.stated_at <= UNHEARD_AFTER)
    if gaps:
        text = f"{last}; {gaps} changes came without content: see `ticketspike sources gaps`"
        return Finding("source", "note", begin + text)
    if found.last_event_at is None:
        if how.startswith("asked"):
            return Finding("source", "ok", f"{begin}answers, and there was nothing to bring yet")
        text = f"{last}; let the helpdesk send a test to https://YOUR-PROXY{how} (docs/sources.md)"
        return Finding("source", "note", begin + text)
    if now - found.last_event_at > LONG and not how.startswith("asked"):
        text = f"{last}; see the helpdesk's page of webhook deliveries, it may have switched the webhook off"
        return Finding("source", "note", begin + text)
    return Finding("source", "ok", begin + last)


def _trouble(found: SourceStanding, now: datetime) -> str | None:
    match found.cause:
        case "refused":
            remedy = _REMEDIES[found.refused_for or "refused"]
            return f"{found.refused} requests since then came to nothing, most of them {remedy}"
        case "throttled" if found.until is not None:
            return (
                f"it asked to wait until {found.until.astimezone(UTC):%H:%M} UTC; ask it for a higher limit"
            )
        case "held_back":
            late = found.delay_seconds / 60.0
            return f"tickets come {late:.0f} min late: the helpdesk defers them, send fewer events or raise its limit"
        case "away":
            return "it does not answer; see the log of the worker for its status, and its token"
        case "unheard":
            return f"no worker has told of it since {_ago(found.heard_at, now)}; start one"
        case _:
            return None


def _ago(at: datetime, now: datetime) -> str:
    minutes = (now - at) / timedelta(minutes=1)
    if minutes < 120:
        return f"{max(minutes, 0.0):.0f} min ago"
    return f"{minutes / 60:.0f} h ago" if minutes < 2880 else f"{minutes / 1440:.0f} days ago"
