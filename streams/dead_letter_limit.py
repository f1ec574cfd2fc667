"""When so many records cannot be read that going on would only move the trouble into `dead-letters`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from streams.validity import Record, Refusal

WINDOWS = 5
"""The share is taken of the last so many times `run` records."""
DAY_MS = 24 * 3_600_000


class Halt(NamedTuple):
    """Why a partition stands still: from which offset it is to go on, how many of how many, and of what."""

    position: int
    refused: int
    of: int
    error: str

    def __str__(self) -> str:
        among = "one after the other" if self.refused == self.of else f"of the last {self.of}"
        return f"{self.refused} records {among} cannot be read, most often as {self.error}"


class DeadLetterLimit:
    """Judges one partition: a run of refused records, or more than a share of the last ones.

    Fewer than `run` bad records within a day of the log stop nothing, whatever their share: a handful in a quiet
    topic is for `dead-letters`. How the log was cut into batches plays no part. Begins anew with each assignment.

    Args:
        run: so many refused one after the other stop the flow; 0 for never.
        ratio: so does more than this share of the last five times `run` records.

    >>> from types import SimpleNamespace
    >>> limit = DeadLetterLimit(3, 0.5)
    >>> records = [SimpleNamespace(offset=offset, timestamp=0) for offset in range(4)]
    >>> limit.judge(records[:2], [Refusal(1, "id", "is missing")])
    >>> print(limit.judge(records[2:], [Refusal(2, "id", "is missing"), Refusal(3, "id", "is missing")]))
    3 records one after the other cannot be read, most often as id: is missing
    """

    def __init__(self, run: int, ratio: float) -> None:
        self._run = run
        self._ratio = ratio
        self._window = WINDOWS * run
        self._seen = 0
        self._bad: deque[tuple[int, int, str]] = deque()
        """Place among the records seen, timestamp and error of the refused ones."""
        self._consecutive = 0
        self._lifted_until = 0

    @property
    def room(self) -> int:
        """How many records may be refused before anything has to be judged again."""
        return max(1, self._run - len(self._bad)) if self._run else 1 << 40

    def lift(self, until: int) -> None:
        """Let everything pass below an offset: what lies there is known to end."""
        self._lifted_until = until
        self._bad.clear()

    def judge(self, records: Sequence[Record], refusals: Sequence[Refusal]) -> Halt | None:
        """Take in what became of records; a halt if the last refusal is one too many.

        Args:
            records: the next ones of the log, up to the last refusal if that reaches `room`.
            refusals: those among them that were refused.
        """
        before, self._seen = self._seen, self._seen + len(records)
        if not self._run or not refusals:
            return None
        places = {record.offset: index for index, record in enumerate(records)}
        for refusal in refusals:
            index = places[refusal.offset]
            place, timestamp = before + index, records[index].timestamp
            follows = bool(self._bad) and self._bad[-1][0] == place - 1
            self._consecutive = self._consecutive + 1 if follows else 1
            self._bad.append((place, timestamp, f"{refusal.field}: {refusal.error}"))
            while self._bad[0][0] <= place - self._window or self._bad[0][1] < timestamp - DAY_MS:
                self._bad.popleft()
        last = refusals[-1].offset
        if last < self._lifted_until:
            self._bad.clear()
            return None
        run, bad = min(self._consecutive, len(self._bad)), len(self._bad)
        if run >= self._run:
            return Halt(last + 1, run, run, self._commonest())
        if bad >= self._run and bad > self._ratio * self._window:
            return Halt(last + 1, bad, self._window, self._commonest())
        return None

    def _commonest(self) -> str:
        return Counter(error for _, _, error in self._bad).most_common(1)[0][0]
