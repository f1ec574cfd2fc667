"""JMESPath expressions of mappings, and what they find, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from streams.files.times import parse_instant
from streams.settings import SettingsError

_INTERPRETER = TreeInterpreter()
"""One for all: `search` of an expression makes one each time, which took longer than the finding."""


def searched(expression: Any, value: Any) -> tuple[Any, str | None]:
    """What an expression finds, or why it cannot be applied. Never raises."""
    try:
        return _INTERPRETER.visit(expression.parsed, value), None
    except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # The library quotes the value that it could not take.
        return None, f"the expression cannot be applied ({type(error).__name__})"


def compiled(source: str, name: str, text: str) -> Any:
    """An expression ready to be applied. Raises SettingsError when it is wrong."""
    try:
        return jmespath.compile(text)
    except JMESPathError as error:
        said = str(error).splitlines()[0]
        raise SettingsError(f"{source}: the expression of {name}, {text!r}, is wrong: {said}") from None


def require_allowed(source: str, part: str, given: Iterable[str], allowed: Sequence[str]) -> None:
    """Raises SettingsError when a part of a source's table names something else than is allowed."""
    for name in given:
        if name not in allowed:
            raise SettingsError(f"{source}.{part} names {name!r}; allowed: {', '.join(allowed)}")


def text_of(value: Any) -> str | None:
    """A value as text: helpdesks send ids as numbers or as strings."""
    if value is None or isinstance(value, Mapping | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def split_tags(tags: Any) -> list[Any]:
    """Tags in one text, as Freshdesk sends them: separated by commas."""
    return tags.split(",") if isinstance(tags, str) else [tags]


def instant_of(value: Any, zone: ZoneInfo | None) -> datetime:
    """A time; raises ValueError with the remedy, and without the value."""
    try:
        return parse_instant(value, zone)
    except (ValueError, TypeError):
        needed = "" if zone else " with an offset; set `timezone` where it has none"
        raise ValueError(f"is no time{needed}") from None


def zone_of(source: str, name: str | None) -> ZoneInfo | None:
    """The zone that a source's table names. Raises SettingsError when there is none of that name."""
    if name is not None and name not in available_timezones():
        raise SettingsError(
            f"{source}.timezone={name!r} is not allowed; allowed: an IANA name such as Europe/Berlin"
        )
    return ZoneInfo(name) if name else None
