"""The file that names the sources: presets, and what it changes about them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from streams.errors import Failure
from streams.settings import SettingsError
from streams.sources.mapping import SourceMapping, Table


def presets() -> dict[str, dict[str, Any]]:
    """The mappings that are known, by name."""
    text = files("streams.sources").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_sources(path: Path | None) -> dict[str, SourceMapping]:
    """The mappings by the source's name: those of a file, or the presets as they are without one.

    Raises:
        Failure: the file cannot be read.
        SettingsError: it is no TOML, or says something that is not allowed; names source and entry.
    """
    if path is None:
        return {name: _mapping(name, table) for name, table in presets().items()}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from None
    return {name: _mapping(name, _with_preset(name, table)) for name, table in tables.items()}


def _with_preset(name: str, table: Any) -> Any:
    """A table with the entries of its preset that it does not name itself."""
    if not isinstance(table, Mapping) or "preset" not in table:
        return table
    known = presets()
    if table["preset"] not in known:
        raise SettingsError(
            f"{name}.preset={table['preset']!r} is not allowed; allowed: {', '.join(sorted(known))}"
        )
    base = known[table["preset"]]
    own = {key: value for key, value in table.items() if key != "preset"}
    for part in ("fields", "kinds", "attributes"):
        if isinstance(own.get(part), Mapping) or part in base:
            own[part] = {**base.get(part, {}), **own.get(part, {})}
    return {**base, **own}


def _mapping(name: str, table: Any) -> SourceMapping:
    try:
        return SourceMapping(name, msgspec.convert(table, Table))
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}") from None
