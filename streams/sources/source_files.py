"""The file that names the sources: presets, and what it changes about them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import msgspec

from streams.errors import Failure
from streams.settings import SettingsError
from streams.sources.mapping import SourceMapping
from streams.sources.order_mapping import OrderMapping
from streams.sources.pulled import EXPORTS, Asked, Pulled, read_pulled, with_secret
from streams.sources.signatures import Scheme
from streams.sources.table import Table

Takes = SourceMapping | OrderMapping
"""A mapping: to tickets or to orders."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Source:
    """One source, ready to be listened to.

    Attributes:
        name: in its address, `/hooks/NAME`, and in its tickets.
        mapping: from bodies to tickets or orders.
        signed: how its requests are signed.
        secrets: the valid ones, the newest first.
        header: the one that bears a shared secret.
        url: the address as the sender calls it.
    """

    name: str
    mapping: Takes
    signed: Scheme
    secrets: tuple[str, ...]
    header: str = ""
    url: str = ""


def presets() -> dict[str, dict[str, Any]]:
    """The mappings that are known, by name."""
    text = files("streams.sources").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def listened_to(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Source]:
    """The sources of a file that send webhooks, by name, with their secrets.

    Raises:
        Failure: the file cannot be read.
        SettingsError: it says something that is not allowed, or a source is not signed or has no secret.
    """
    found = {}
    for name, mapping in read_sources(path).items():
        table = mapping.table
        if table.signed is None:
            raise SettingsError(f"{name}.signed is not set; allowed: {', '.join(get_args(Scheme))}")
        secrets = tuple(one for key in table.secrets if (one := environment.get(key, "").strip()))
        if not secrets:
            named = ", ".join(table.secrets) or "none is named"
            raise SettingsError(
                f"{name}.secrets: no such environment variable is set ({named}); name one that holds the secret"
            )
        if table.signed == "hubspot" and not table.url:
            raise SettingsError(f"{name}.url is not set; HubSpot signs the address that it calls, so name it")
        found[name] = Source(name, mapping, table.signed, secrets, table.header, table.url)
    return found


def read_sources(path: Path | None) -> dict[str, Takes]:
    """The mappings by the source's name: those of a file, or the presets as they are without one.

    Sources that are asked on a timer have none and are left out.

    Raises:
        Failure: the file cannot be read.
        SettingsError: it is no TOML, or says something that is not allowed; names source and entry.
    """
    if path is None:
        return {name: _mapping(name, table) for name, table in presets().items()}
    return {
        name: _mapping(name, _with_preset(name, table))
        for name, table in _tables(path).items()
        if not _is_pulled(table)
    }


def read_pulled_sources(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Asked]:
    """The sources of a file that are asked on a timer, by name, with their secrets.

    Raises:
        Failure: the file cannot be read.
        SettingsError: it says something that is not allowed, or a source has no secret and needs one.
    """
    found = {}
    tables = _tables(path)
    for name, table in tables.items():
        if _is_pulled(table):
            _require_name(name)
            read = read_pulled(name, table)
            if read.pull in EXPORTS:
                _require_webhooks(name, read.of, tables)
            found[name] = with_secret(name, read, environment)
    return found


def calendar_tables(path: Path) -> dict[str, Pulled]:
    """The iCal sources of a file by name, as they stand there.

    Raises:
        Failure: the file cannot be read.
        SettingsError: it says something that is not allowed.
    """
    pulled = {name: read_pulled(name, table) for name, table in _tables(path).items() if _is_pulled(table)}
    return {name: table for name, table in pulled.items() if table.pull == "ical"}


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path} is nested too deeply; a source is a table of plain values") from None


def _is_pulled(table: Any) -> bool:
    return isinstance(table, Mapping) and "pull" in table


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


def _mapping(name: str, table: Any) -> Takes:
    _require_name(name)
    try:
        read = msgspec.convert(table, Table)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}") from None
    return OrderMapping(name, read) if read.takes == "orders" else SourceMapping(name, read)


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name of a source; allowed: small letters, figures and hyphens")


def _require_webhooks(name: str, of: str, tables: Mapping[str, Any]) -> None:
    able = sorted(
        one for one, table in tables.items() if not _is_pulled(table) and table.get("takes") != "orders"
    )
    if of not in able:
        raise SettingsError(
            f"{name}.of={of!r} is not allowed; allowed: a source of this file that sends tickets ({', '.join(able)})"
        )
