"""Drivers planted into seeded spikes, and how many of them are named: `python benchmarks/detection/planted.py`.

Each spike has a shop of its own, whose tickets' facets go together as they do in life: an iPad means Safari, the
app has a version and no browser, French is spoken where the market is, codes are used on the web. A third of the
spikes has a driver in one facet, a third in a voucher code and a browser together, a third has none: all
tickets multiply.
"""

from __future__ import annotations

import argparse
import random
import sys
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from detectors.companions import Minute
from detectors.drivers import drivers
from detectors.facet_sets import WITH, FacetDriver

Kind = Literal["single", "pair", "none"]
Ticket = dict[str, str]
KINDS: tuple[Kind, ...] = ("single", "pair", "none")
TUNED_ON = range(500)
REPORTED = range(10_000, 10_500)
SINGLE = ("voucher_code", "browser", "device", "app_version", "channel", "market", "payment", "language")
MOST_USUAL = 0.5
"""A value that more tickets carry anyway is not planted: nothing could stand out."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A spike and what was planted."""

    kind: Kind
    truth: tuple[tuple[str, str], ...]
    """Facet and value of each planted one."""
    tickets: list[Ticket]
    minutes: list[Minute]
    """The spike's cells."""
    before: list[Minute]
    """Cells of the last day, of this and other contact reasons."""
    lately: list[Ticket]
    """Tickets of this contact reason on the last day."""
    usual: list[Ticket]
    """Tickets of this contact reason that are remembered."""
    expected: float
    repeated: int
    """Tickets less distinct customers."""


class Shop:
    """Tickets whose facets go together.

    Args:
        rng: of this shop; its shares are its own.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._uniform = random.Random(int(rng.integers(1 << 62))).random
        self._channel = self._some(web=50, app=25, mail=17, phone=8)
        self._device = self._some(Windows=38, Mac=15, iPhone=24, iPad=7, Android=16)
        self._mobile = self._some(iPhone=50, iPad=8, Android=42)
        self._browsers = {
            "Windows": self._some(Chrome=58, Edge=24, Firefox=18),
            "Mac": self._some(Safari=58, Chrome=32, Firefox=10),
            "iPhone": self._some(Safari=86, Chrome=14),
            "iPad": self._some(Safari=100),
            "Android": self._some(Chrome=82, Samsung=18),
        }
        self._version = self._some(**{"5.3": 55, "5.2": 30, "5.1": 15})
        self._market = self._some(DE=62, AT=16, CH=15, FR=7)
        self._payment = self._some(PayPal=42, invoice=26, card=22, debit=10)
        self._code = self._some(WELCOME10=45, FREESHIP=30, APP5=15, VIP20=10)
        self._codes = rng.uniform(0.05, 0.6)

    def _some(self, **shares: float) -> tuple[list[str], list[float]]:
        parts = self._rng.gamma(np.array(list(shares.values())) / 4.0)
        return list(shares), np.cumsum(parts / parts.sum())[:-1].tolist()

    def _pick(self, table: tuple[list[str], list[float]]) -> str:
        # numpy would be slower: one value at a time, and millions of them.
        values, bounds = table
        return values[bisect(bounds, self._uniform())]

    def ticket(self) -> Ticket:
        """One ticket."""
        channel, market = self._pick(self._channel), self._pick(self._market)
        french = market == "FR" or (market == "CH" and self._uniform() < 0.25)
        made = {"channel": channel, "market": market, "language": "fr" if french else "de"}
        if channel == "web":
            made["device"] = self._pick(self._device)
            made["browser"] = self._pick(self._browsers[made["device"]])
        elif channel == "app":
            made["device"] = self._pick(self._mobile)
            made["app_version"] = self._pick(self._version)
        if channel in ("web", "app"):
            made["payment"] = self._pick(self._payment)
            if self._uniform() < self._codes:
                made["voucher_code"] = self._pick(self._code)
        return made

    def such(self, number: int, *wanted: tuple[str, str]) -> list[Ticket]:
        """Tickets that carry the wanted values.

        Codes and what is new are put on tickets that have the facet: nothing else depends on them.
        """
        put = {facet for facet, value in wanted if facet == "voucher_code" or value.startswith("new ")}
        had = {facet: value for facet, value in wanted if facet not in put}.items()
        held: list[Ticket] = []
        while len(held) < number:
            made = self.ticket()
            if had <= made.items() and put <= made.keys():
                held.append({**made, **dict(wanted)})
        return held


def plant(seed: int) -> Planted:
    """One spike of 20 to 500 tickets, with a driver or without."""
    rng = np.random.default_rng(seed)
    shop = Shop(rng)
    kind = KINDS[seed % 3]
    usual = [shop.ticket() for _ in range(int(rng.choice([150, 400, 1000, 2000])))]
    observed = int(np.exp(rng.uniform(np.log(20), np.log(500))))
    uplift = float(np.exp(rng.uniform(np.log(1.6), np.log(15))))
    # What an alarm takes: an excess of five standard deviations.
    expected = min(observed / uplift, max(observed - 5.0 * observed**0.5, 0.5))
    extra = max(observed - int(rng.poisson(expected)), observed // 4)
    truth = _truth(kind, rng, usual)
    carrying = extra if kind == "none" else int(rng.binomial(extra, rng.uniform(0.8, 1.0)))
    caused = shop.such(carrying, *truth)
    tickets = [*caused, *(shop.ticket() for _ in range(observed - len(caused)))]
    rng.shuffle(tickets)  # type: ignore[arg-type]
    lately = [shop.ticket() for _ in range(int(rng.integers(5, 150)))]
    others = [shop.ticket() for _ in range(int(rng.integers(50, 1000)))]
    length = int(rng.integers(10, 90))
    return Planted(
        kind,
        truth,
        tickets,
        list(cells(tickets, rng, length)),
        [*cells(lately, rng, 1000), *cells(others, rng, 1000)],
        lately,
        usual,
        expected,
        repeated=int(rng.binomial(observed, 0.05)),
    )


def _truth(kind: Kind, rng: np.random.Generator, usual: Sequence[Ticket]) -> tuple[tuple[str, str], ...]:
    if kind == "none":
        return ()
    code = ("voucher_code", "new SOMMER25" if rng.random() < 0.5 else str(rng.choice(["WELCOME10", "VIP20"])))
    if kind == "pair":
        return code, ("browser", str(rng.choice(["Safari", "Firefox", "Edge"])))
    facet = str(rng.choice(SINGLE))
    if facet == "voucher_code":
        return (code,)
    if facet == "app_version" and rng.random() < 0.5:
        return (("app_version", "new 5.4"),)
    counts = histograms(usual)[facet]
    rare = [value for value, count in counts.items() if count <= MOST_USUAL * len(usual)]
    return ((facet, str(rng.choice(sorted(rare)))),)


def histograms(tickets: Sequence[Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """Facet -> value -> tickets."""
    counts: dict[str, dict[str, int]] = {}
    for ticket in tickets:
        for facet, value in ticket.items():
            held = counts.setdefault(facet, {})
            held[value] = held.get(value, 0) + 1
    return counts


def cells(tickets: Sequence[Ticket], rng: np.random.Generator, length: int) -> Iterator[Minute]:
    """The tickets' cells, spread over minutes."""
    minutes: dict[int, list[Ticket]] = {}
    for ticket, minute in zip(tickets, rng.integers(0, length, len(tickets)).tolist(), strict=True):
        minutes.setdefault(minute, []).append(ticket)
    for _, held in sorted(minutes.items()):
        yield len(held), histograms(held)


def named(spike: Planted) -> list[FacetDriver]:
    """What the product names."""
    return drivers(
        histograms(spike.tickets),
        histograms(spike.usual),
        len(spike.tickets),
        spike.expected,
        usual_tickets=len(spike.usual),
        lately=histograms(spike.lately),
        lately_tickets=len(spike.lately),
        repeated=spike.repeated,
        minutes=spike.minutes,
        before=spike.before,
    )


@dataclass(slots=True)
class Judgement:
    """What was named of what was planted."""

    right: int = 0
    """Named values that were planted, or pairs of them."""
    wrong: int = 0
    planted: int = 0
    """Planted values: two of a pair."""
    found: int = 0
    pairs: int = 0
    pairs_found: int = 0
    """Pairs named as a pair."""
    without: int = 0
    named_without: int = 0
    """Spikes without a driver in which one was named."""

    @property
    def precision(self) -> float:
        """Right ones among the named."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Found ones among the planted."""
        return self.found / max(1, self.planted)

    @property
    def false_spikes(self) -> float:
        """Part of the spikes without a driver in which one was named."""
        return self.named_without / max(1, self.without)


def judge(
    seeds: range, name: Callable[[Planted], list[FacetDriver]] = named, *, talk: bool = False
) -> Judgement:
    """Plant a spike for each seed and hold what is named against it."""
    sums = Judgement()
    for seed in seeds:
        spike = plant(seed)
        truth = {*spike.truth}
        if spike.kind == "pair":
            (one, code), (other, browser) = spike.truth
            truth.add((f"{one}{WITH}{other}", f"{code} {WITH} {browser}"))
        found = {(one.facet, one.value) for one in name(spike)}
        sums.right += len(found & truth)
        sums.wrong += len(found - truth)
        sums.planted += len(spike.truth)
        sums.found += len(found & {*spike.truth})
        sums.pairs += spike.kind == "pair"
        sums.pairs_found += spike.kind == "pair" and any(WITH in facet for facet, _ in found & truth)
        sums.without += spike.kind == "none"
        sums.named_without += spike.kind == "none" and bool(found)
        if talk and (found - truth or {*spike.truth} - found):
            print(seed, spike.kind, len(spike.tickets), round(spike.expected, 1), spike.truth, sorted(found))
    return sums


def main() -> None:
    """Print precision, recall and what is named where nothing was planted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", type=int, default=REPORTED.start, dest="first", help="the first seed")
    parser.add_argument("--spikes", type=int, default=len(REPORTED))
    parser.add_argument("--talk", action="store_true", help="print each spike that was not judged right")
    asked = parser.parse_args()
    sums = judge(range(asked.first, asked.first + asked.spikes), talk=asked.talk)
    print(f"precision {sums.precision:.3f} ({sums.right} of {sums.right + sums.wrong} named)")
    print(f"recall {sums.recall:.3f} ({sums.found} of {sums.planted} planted)")
    print(f"named without a driver {sums.false_spikes:.3f} ({sums.named_without} of {sums.without} spikes)")
    print(f"pairs named as such {sums.pairs_found} of {sums.pairs}")


if __name__ == "__main__":
    main()
