"""State of many contact reasons: one array per quantity, one column per reason."""

from __future__ import annotations

from base64 import b85decode, b85encode
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
"""One number per contact reason, in the detector's row order (or a table that ends in that axis)."""

FlagArray = NDArray[np.bool_]
"""One truth value per contact reason."""

RowArray = NDArray[np.intp]
"""Rows of some contact reasons."""

Column = NDArray[np.floating] | NDArray[np.integer]


def summed(*values: FloatArray) -> list[float]:
    """The sums over all reasons, to the last bit the same whatever their order.

    A restart changes the order of the rows, and nothing that is said may change with it. A third of the time that
    `math.fsum` takes.

    Example:
        >>> summed(np.array([1e16, 1.0, -1e16]), np.ones(3)) == summed(np.array([1e16, -1e16, 1.0]), np.ones(3))
        True
    """
    table = np.array(values)
    table.sort()
    return np.add.reduce(table, axis=1).tolist()  # type: ignore[no-any-return]


def some(flags: FlagArray) -> bool:
    """Whether any is set. A tenth of the time that `flags.any()` takes, for what is asked every minute.

    Example:
        >>> some(np.array([False, True])), some(np.array([False]))
        (True, False)
    """
    return bool(np.count_nonzero(flags))


@dataclass(frozen=True, slots=True)
class Field:
    """A quantity kept per contact reason: leading shape, type, and what a new reason starts with."""

    shape: tuple[int, ...] = ()
    dtype: str = "f8"
    fill: float = 0.0


class Rows:
    """Named arrays whose last axis is the contact reason, growing geometrically.

    A subclass lists its quantities in `FIELDS`; each becomes an attribute that covers exactly the reasons
    known so far. The reason is the *last* axis so that one minute, one hour of the week or one candidate
    uplift of all reasons lies in one contiguous stretch of memory.

    `snapshot` writes a reason's columns bit by bit, so a restored reason scores like the one that was
    saved. That is why long tables are *kept* in single or half precision rather than rounded when saved.

    Example:
        >>> class Seen(Rows):
        ...     FIELDS = {"tickets": Field(), "by_hour": Field((3,), "f4", 1.0)}
        >>> seen = Seen()
        >>> seen.resize(2)
        >>> seen.tickets[1] = 7
        >>> seen.snapshot(1)
        '0000000107004kL004kL004kL'
        >>> seen.restore(0, seen.snapshot(1))
        >>> seen.tickets.tolist()
        [7.0, 7.0]
    """

    FIELDS: Mapping[str, Field] = {}

    def __init__(self) -> None:
        self.size = 0
        self._capacity = 0
        self._arrays: dict[str, Column] = {}
        self._bind(0)

    def __getattr__(self, name: str) -> FloatArray:
        # Only reached for names that are not set: a clear error instead of a silent new attribute.
        raise AttributeError(f"{type(self).__name__} keeps no {name!r}")

    def _bind(self, size: int) -> None:
        if size > self._capacity:
            capacity = max(16, size, self._capacity * 2)
            for name, field in self.FIELDS.items():
                fresh = np.full((*field.shape, capacity), field.fill, dtype=field.dtype)
                if name in self._arrays:
                    fresh[..., : self.size] = self._arrays[name][..., : self.size]
                self._arrays[name] = fresh
            self._capacity = capacity
        if not self._arrays:
            self._arrays = {n: np.full((*f.shape, 0), f.fill, f.dtype) for n, f in self.FIELDS.items()}
        self.size = size
        for name, array in self._arrays.items():
            setattr(self, name, array[..., :size])

    def resize(self, size: int) -> None:
        """Make room for `size` contact reasons; new ones start with each field's fill.

        Args:
            size: number of reasons, at least as many as now.
        """
        self._bind(size)

    def tighten(self) -> None:
        """Let go of the room that was made for further reasons.

        With gaps between its rows, numpy takes twice as long over a table as without.
        """
        if self._capacity > self.size:
            self._arrays = {name: array[..., : self.size].copy() for name, array in self._arrays.items()}
            self._capacity = self.size
            self._bind(self.size)

    def snapshot(self, row: int) -> str:
        """Everything kept of one reason, every bit of it, as base85 text."""
        columns = (np.ascontiguousarray(array[..., row]).tobytes() for array in self._arrays.values())
        return b85encode(b"".join(columns)).decode("ascii")

    def restore(self, row: int, state: str) -> None:
        """Take a reason's columns back.

        Args:
            row: which column.
            state: what `snapshot` gave.

        Raises:
            ValueError: it is not a state of these quantities.
        """
        data = b85decode(state)
        wanted = sum(
            int(np.prod(field.shape)) * np.dtype(field.dtype).itemsize for field in self.FIELDS.values()
        )
        if len(data) != wanted:
            raise ValueError(f"a state of {type(self).__name__} has {wanted} bytes, not {len(data)}")
        start = 0
        for name, field in self.FIELDS.items():
            items = int(np.prod(field.shape))
            column = np.frombuffer(data, dtype=field.dtype, count=items, offset=start).reshape(field.shape)
            self._arrays[name][..., row] = column
            start += column.nbytes

    def copy_row(self, row: int, other: Rows, source: int) -> None:
        """Take all columns of one of `other`'s reasons."""
        for name, array in self._arrays.items():
            array[..., row] = other._arrays[name][..., source]
