"""The stage *inhibit*: what a bigger incident holds back.

While all tickets together rise, single contact reasons are noise unless something of their own stands out; while
the source is silent, nothing that is counted can be trusted; and few customers are no spike.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from alerts.campaign import fold
from alerts.context import Context
from alerts.decision import PASSED, Decision, Reason
from alerts.entry import Entry
from alerts.grouping import CODE_SHARE, PLACE_SHARE
from alerts.incident import latest, mark, open_spikes, revised
from alerts.known import Known
from alerts.records import Driver, Incident, IncidentKind, Spike

BEYOND = 10.0
"""So many times the rise of all tickets together is a rise of its own."""
_CODES = ("voucher_code", "campaign_id")


def inhibit(entry: Entry, known: Known, context: Context) -> Decision:
    """Whether another incident, or too few customers, hold this one back."""
    if entry.incident.kind != "source_silent" and _open_under("source_silent", known):
        return Decision(False, Reason.SOURCE_SILENT)
    if entry.incident.kind != "spike":
        return PASSED
    if absorber(entry, known, context) is not None:
        return Decision(False, Reason.TOTAL_VOLUME)
    # The same customers may write about several reasons: the sum could count two people as four.
    customers = max((spike.customers for spike in entry.incident.spikes), default=0)
    if not entry.known_to_channel and customers < context.min_customers:
        return Decision(False, Reason.TOO_FEW_CUSTOMERS)
    return PASSED


def absorber(entry: Entry, known: Known, context: Context) -> Entry | None:
    """The total-volume incident that an incident is part of, as nothing of its own stands out.

    It holds on for the merge gap after the total is back to normal: the tail of the same peak is no news.
    What began afterwards stands by itself.
    """
    for total in reversed(known.under(mark("total_volume"))):
        ended = total.incident.resolved_at
        if ended is not None and context.now - ended > context.merge_gap:
            continue
        current = open_spikes(entry.incident) or latest(entry.incident.spikes)
        if not current:
            return None  # put there by somebody else: there is nothing to compare
        over = entry.incident.resolved_at
        after = ended is not None and min(spike.onset for spike in current) > ended
        if after or (over is not None and over < total.incident.opened_at):
            continue
        if not any(own_driver(spike, total) or beyond(spike, total) for spike in current):
            return total
    return None


def beyond(spike: Spike, total: Entry) -> bool:
    """Whether a contact reason rises by far more than all of them do, and by nothing that they share.

    That everything rises explains it no more: forty tickets about what nobody writes about are a flood, whatever
    the day.
    """
    shared = {_key(driver) for driver in total.incident.drivers}
    if any(_key(driver) in shared for driver in spike.drivers):
        return False
    risen = total.incident.observed / max(total.incident.expected, 1.0)
    return spike.observed > BEYOND * max(risen, 1.0) * max(spike.expected, 1.0)


def own_driver(spike: Spike, total: Entry) -> bool:
    """Whether something stands out in a spike that is not what the total rises by.

    A code or campaign always does: it names what to mend.
    """
    shared = {_key(driver) for driver in total.incident.drivers}
    return any(
        (driver.excess_share >= PLACE_SHARE and _key(driver) not in shared)
        or (_is_code(driver) and driver.excess_share >= CODE_SHARE)
        for driver in spike.drivers
    )


def with_reasons(total: Entry, known: Known, context: Context) -> Entry:
    """A total-volume incident that lists the reasons it absorbs and what they share; itself when unchanged."""
    incident = with_drivers(total.incident, known)
    if [_key(one) for one in incident.drivers] == [_key(one) for one in total.incident.drivers]:
        incident = total.incident
    absorbed = [
        reason
        for entry in known.open()
        if entry.incident.kind == "spike" and absorber(entry, known, context) is total
        for reason in entry.incident.contact_reasons
    ]
    listed = list(dict.fromkeys([*incident.contact_reasons, *absorbed]))
    if incident is total.incident and listed == incident.contact_reasons:
        return total
    return replace(total, incident=revised(incident, contact_reasons=listed))


def with_drivers(total: Incident, known: Known) -> Incident:
    """A total-volume incident with what its reasons share, in the figures of now."""
    spikes = [spike for entry in known.open() for spike in open_spikes(entry.incident)]
    return replace(total, drivers=common_drivers(spikes, total.excess))


def common_drivers(spikes: Iterable[Spike], excess: float) -> list[Driver]:
    """What carries at least half of the total's excess, over two contact reasons or more; not codes or ids."""
    found: dict[tuple[str, str], list[tuple[Spike, Driver]]] = {}
    for spike in spikes:
        for driver in spike.drivers:
            if not _is_code(driver) and driver.excess_share >= PLACE_SHARE:
                found.setdefault(_key(driver), []).append((spike, driver))
    common = []
    for carriers in found.values():
        carried = sum(max(spike.excess, 0.0) * driver.excess_share for spike, driver in carriers)
        if len({spike.contact_reason for spike, _ in carriers}) < 2 or carried < PLACE_SHARE * excess:
            continue
        tickets = sum(driver.tickets for _, driver in carriers)
        observed = max(1, sum(spike.observed for spike, _ in carriers))
        usual = sum(driver.usual_share * spike.observed for spike, driver in carriers) / observed
        common.append(
            Driver(
                facet=carriers[0][1].facet,
                value=carriers[0][1].value,
                tickets=tickets,
                share=round(min(1.0, tickets / observed), 4),
                usual_share=round(usual, 4),
                excess_share=round(min(1.0, carried / excess) if excess > 0 else 1.0, 4),
            )
        )
    return sorted(common, key=lambda driver: (-driver.excess_share, driver.facet, driver.value))


def _open_under(kind: IncidentKind, known: Known) -> bool:
    return any(entry.open for entry in known.under(mark(kind)))


def _is_code(driver: Driver) -> bool:
    return any(facet in driver.facet for facet in _CODES)


def _key(driver: Driver) -> tuple[str, str]:
    return driver.facet, fold(driver.value)
