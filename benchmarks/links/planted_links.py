"""Which campaign is named first for planted incidents: `python benchmarks/links/planted_links.py`.

Each incident has a shop of its own with 5 to 30 campaigns running; see `incidents.py` and `calendars.py` beside.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from alerts.campaign import candidates
from benchmarks.links.incidents import plant

TUNED_ON = range(3000)
REPORTED = range(50_000, 50_300)


@dataclass(slots=True)
class Judgement:
    """Which campaigns were named first, by what is behind the incidents."""

    incidents: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    """The right campaign first; where none fits: none named."""
    shown: Counter[str] = field(default_factory=Counter)
    """The right campaign among those shown."""

    def part(self, *behind: str) -> float:
        """Right ones among the incidents with this behind them."""
        return sum(self.right[one] for one in behind) / max(1, sum(self.incidents[one] for one in behind))


def judge(seeds: range, *, talk: bool = False) -> Judgement:
    """Plant an incident for each seed and hold what is named against it.

    "None" counts incidents that no campaign has to do with and whose reason no running campaign announced; where
    one did by chance, it does coincide, and is counted apart.
    """
    sums = Judgement()
    for seed in seeds:
        one = plant(seed)
        named = candidates(one.spike, one.campaigns)
        behind = "by chance" if one.behind == "none" and one.by_chance else one.behind
        right = (named[0].id if named else None) == one.truth
        sums.incidents[behind] += 1
        sums.right[behind] += right
        sums.shown[behind] += any(link.id == one.truth for link in named)
        if talk and not right:
            drivers = [(driver.facet, driver.value) for driver in one.spike.drivers]
            print(
                seed, behind, one.spike.contact_reason, drivers, [(link.id, link.evidence) for link in named]
            )
            for campaign in one.campaigns:
                if campaign.id in (one.truth, *(link.id for link in named)):
                    short = replace(campaign, name="-", promise=None)
                    print("    ", one.spike.onset - campaign.starts_at, short)
    return sums


def main() -> None:
    """Print how often the right campaign comes first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", type=int, default=REPORTED.start, dest="first", help="the first seed")
    parser.add_argument("--incidents", type=int, default=len(REPORTED))
    parser.add_argument("--talk", action="store_true", help="print each incident that was not judged right")
    asked = parser.parse_args()
    sums = judge(range(asked.first, asked.first + asked.incidents), talk=asked.talk)
    print(f"code or id on the tickets: right campaign first {sums.part('code', 'id'):.3f}")
    print(f"reason or time alone: right campaign first {sums.part('reason', 'time'):.3f}")
    print(f"none fits: none named {sums.part('none'):.3f}")
    for behind, number in sorted(sums.incidents.items()):
        print(f"  {behind}: right {sums.right[behind]} of {number}, shown {sums.shown[behind]}")


if __name__ == "__main__":
    main()
