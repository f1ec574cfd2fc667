"""Take in again what counting took in before, without reading the log."""

from __future__ import annotations

import msgspec

from streams.cells import CellState, Key, KnownTicket
from streams.facets import Facets
from streams.held_cells import HeldCells
from streams.pages import Page
from streams.relabelling import Relabelling


def recall(
    page: Page,
    known: dict[Key, KnownTicket],
    cells: HeldCells,
    relabelling: Relabelling,
    facets: Facets,
) -> None:
    """Let a page's tickets and changes happen again, in their order.

    A tenth of the time that reading them from the log takes: nothing is to be decoded by itself, checked or hashed.
    """
    share, end, begin = facets.share, page.end, 0
    fields, attributes = [share(one) for one in page.fields], [share(one) for one in page.attributes]
    held: dict[tuple[int, int], CellState] = {}
    for until, change in [*page.changes, (len(page.tickets), None)]:
        for key, minute, customer, reason, own, more in page.tickets[begin:until]:
            try:
                cell = held[reason, minute]
            except KeyError:
                name = page.reasons[reason]
                assert name is not None  # noqa: S101 - what came and counted has one
                cell = held[reason, minute] = cells.take(name, minute, end) or CellState(name)
                cells.newest = max(cells.newest, minute)
            one = known[key] = KnownTicket(
                cell.contact_reason, minute, customer, fields[own], attributes[more]
            )
            cell.tickets.append(one)
        begin = until
        if change is not None:
            after = change.after
            shared = msgspec.structs.replace(
                after, fields=share(after.fields), attributes=share(after.attributes)
            )
            relabelling.again(msgspec.structs.replace(change, after=shared), end)
