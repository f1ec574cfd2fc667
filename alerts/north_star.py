"""The one number on the digest: whether alerts are worth reading. Three are on offer, one is chosen (ADR 10).

All are over the incidents that people were told of and that began within the last four weeks.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from alerts import answered
from alerts.digested import Star, StarKind
from alerts.records import Incident

DAYS = 28


def star(incidents: Iterable[Incident], at: datetime, kind: StarKind) -> Star:
    """The number as it stands.

    - `useful`: the share of incidents that are over and that somebody called useful. Nobody saying anything counts
      as not useful: a number that only the pleased make would be good from the first day on.
    - `answered`: the share that anybody answered at all, in whatever way.
    - `minutes`: the median from the onset to the message, by Slack's own time of it.

    Args:
        incidents: all incidents.
        at: the present.
        kind: which one.
    """
    since = at - timedelta(days=DAYS)
    told = [one for one in incidents if one.slack is not None and since <= one.opened_at <= at]
    match kind:
        case "useful":
            return _useful([one for one in told if one.status == "resolved"])
        case "answered":
            reacted = sum(bool(one.answers) for one in told)
            return Star(kind=kind, value=_share(reacted, len(told)), of=len(told), days=DAYS)
        case "minutes":
            waited = [minutes for one in told if (minutes := _minutes(one)) is not None]
            value = statistics.median(waited) if waited else None
            return Star(kind=kind, value=value, of=len(waited), days=DAYS)


def _useful(over: Sequence[Incident]) -> Star:
    votes = [answered.votes(one) for one in over]
    useful = sum(bool(yes) for yes, _ in votes)
    against = sum(not yes and (bool(no) or _false(one)) for (yes, no), one in zip(votes, over, strict=True))
    return Star(
        kind="useful",
        value=_share(useful, len(over)),
        of=len(over),
        days=DAYS,
        against=against,
        silent=len(over) - useful - against,
    )


def _false(incident: Incident) -> bool:
    verdict = answered.verdict(incident)
    return verdict is not None and verdict.kind == "false_alarm"


def _minutes(incident: Incident) -> float | None:
    """Minutes from the earliest onset to the message; None where no time of Slack's is known, as after a replay."""
    onset = incident.condition.since if incident.condition is not None else None
    onset = min((one.onset for one in incident.spikes), default=onset)
    if incident.slack is None or onset is None:
        return None
    try:
        minutes = (float(incident.slack.ts) - onset.timestamp()) / 60
    except ValueError:
        return None
    # A message of another day is of a replay, or takes the place of one that was deleted.
    return minutes if 0 <= minutes <= 1440 else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
