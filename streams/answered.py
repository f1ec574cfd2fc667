"""The compacted topic `incidents` as what its answers change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
import structlog

from alerts.answer_effects import Effects, effects
from alerts.records import Incident
from streams.errors import UNREADABLE

_NO_ANSWERS = b'"answers":[]'

log = structlog.get_logger("answers")


class Answered:
    """What all answered incidents change, worked out again only for rows that are new.

    On the event clock minutes are of another time than answers, which people give on the clock on the wall: there an
    answer counts as if it had been given when its incident opened.

    Args:
        clock: the clock that minutes follow.

    Example:
        >>> Answered("wall").of({})
        Effects(expected=(), false_alarms=())
    """

    def __init__(self, clock: Literal["wall", "event"]) -> None:
        self._clock = clock
        self._rows: dict[bytes, bytes] = {}
        self._incidents: dict[bytes, Incident] = {}
        self._effects = Effects()

    def of(self, rows: Mapping[bytes, bytes]) -> Effects:
        """What the rows of the topic change; the very same object as long as nothing of that changed.

        Args:
            rows: incident id -> the incident's newest revision.
        """
        held, changed = dict(rows), False
        if held == self._rows:
            return self._effects
        for key in self._rows.keys() - held.keys():
            changed |= self._incidents.pop(key, None) is not None
        for key, value in held.items():
            before = self._rows.get(key)
            if value is not before and value != before:
                changed |= self._take(key, value)
        self._rows = held
        if changed:
            found = effects(self._incidents.values())
            self._effects = found if found != self._effects else self._effects
        return self._effects

    def _take(self, key: bytes, value: bytes) -> bool:
        if _NO_ANSWERS in value:
            return self._incidents.pop(key, None) is not None
        try:
            incident = msgspec.json.decode(value, type=Incident)
        except UNREADABLE as error:
            log.warning("an incident cannot be read; its answers change nothing", error=type(error).__name__)
            return self._incidents.pop(key, None) is not None
        if self._clock == "event":
            answers = [
                msgspec.structs.replace(answer, at=min(answer.at, incident.opened_at))
                for answer in sorted(incident.answers, key=lambda answer: answer.at)
            ]
            incident = msgspec.structs.replace(incident, answers=answers)
        self._incidents[key] = incident
        return True
