"""What people answered, counted for the digest: by kind on one day, and what the knob is judged by over a week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.digested import Answers
from alerts.records import Answer

WEEK = timedelta(days=7)


def count_answers(
    said: Iterable[Answer], begin: datetime, end: datetime, at: datetime, *, knob: float
) -> Answers:
    """Count answers; one that stands on the topic twice is one.

    A false alarm counts for its incident once, and not where the same incident was called expected afterwards.

    Args:
        said: answers in any order.
        begin: of the day.
        end: of the day.
        at: the present; the week ends here.
        knob: false alarms that people said they can stand a week.
    """
    known = {(one.incident_id, one.kind, one.by, one.at): one for one in said if one.at <= at}
    answers = sorted(known.values(), key=lambda one: (one.at, one.by))
    by_kind = Counter(one.kind for one in answers if begin <= one.at < end)
    verdicts: dict[str, Answer] = {}
    for one in answers:
        if one.kind in ("false_alarm", "expected"):
            verdicts[one.incident_id] = one
    week = at - WEEK
    false_alarms = sum(one.kind == "false_alarm" and one.at >= week for one in verdicts.values())
    missed = {one.incident_id for one in answers if one.kind == "missed" and one.at >= week}
    return Answers(
        by_kind=dict(by_kind.most_common()), false_alarms=false_alarms, missed=len(missed), knob=knob
    )
