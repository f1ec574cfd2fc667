"""Which shards a command looks at: the one that `--market` names, or all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from streams.settings import Settings

Command = TypeVar("Command", bound=Callable[..., object])


def market_option(command: Command) -> Command:
    """Give a command the option `--market`."""
    told = "The shard of this market, with TICKETSPIKE_SHARD_BY=market; without it, each in turn."
    return click.option("--market", metavar="NAME", help=told)(command)


def chosen(settings: Settings, market: str | None) -> tuple[Settings, ...]:
    """The settings as the chosen shards see them.

    Raises:
        click.BadParameter: there is one shard for all, or no such market has one of its own.

    >>> from streams.settings import load
    >>> sharded = load(ticketspike_shard_by="market", ticketspike_markets="DE,AT")
    >>> [view.topic("spikes") for view in chosen(sharded, "at")]
    ['spikes.AT']
    """
    if market is None:
        return settings.shards
    names = settings.sharding.names
    found = (
        {name.casefold(): view for name, view in zip(names, settings.shards, strict=True)} if names else {}
    )
    view = found.get(market.strip().casefold())
    if view is None:
        allowed = ", ".join(names) or "nothing, as TICKETSPIKE_SHARD_BY=none"
        raise click.BadParameter(
            f"{market!r} has no shard of its own; allowed: {allowed}", param_hint="--market"
        )
    return (view,)
