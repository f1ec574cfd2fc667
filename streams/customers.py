"""Distinct customers of a cell, packed to travel: an exact set while small, a sketch beyond.

A cell of one minute rarely holds more than a handful of customers, so the set is exact where it matters (and a
retracted ticket can be taken out again). A HyperLogLog sketch takes over beyond :data:`EXACT` customers; it
cannot forget, so after retractions it is an upper estimate. Both merge: over partitions, minutes and workers.

While the key is changed (`TICKETSPIKE_HMAC_KEY_OLD`) each customer has a pseudonym of either key, and what is packed
holds the customers twice. Minutes stated before the change know the old key only, those after it the new one only, so
in a window that spans the change one of the two counts nobody twice: the smaller number.

Source: Heule, Nunkesser and Hall 2013, "HyperLogLog in Practice"; Apache DataSketches.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import struct
from binascii import b2a_base64
from collections.abc import Callable, Iterable
from typing import Any

import datasketches
import numpy as np


def _sha256() -> Callable[[bytes], Any]:
    """CPython's own SHA-256: on texts this short it takes half of the time of OpenSSL's, which hashlib prefers."""
    for module in ("_sha2", "_sha256"):  # its name since Python 3.12, and before
        try:
            return importlib.import_module(module).sha256  # type: ignore[no-any-return]
        except ImportError:
            continue
    return hashlib.sha256


EXACT = 64
"""The largest exact set."""

LOG2_REGISTERS = 10
"""1,024 registers of 4 bits: relative standard error 3 % in about 550 bytes."""

SET, SKETCH, TWICE = "s", "h", "2"

_HALF = 64
_OLD = (1 << _HALF) - 1


def pseudonymiser(key: str, old: str | None = None) -> Callable[[str], int]:
    """A function from a customer key to a 64-bit pseudonym: the first 8 bytes of HMAC-SHA256 under `key`.

    The same customer gets the same number in all workers that share the key; nobody without it can try out
    names. With `old`, the key until now, the numbers have 128 bits: those of the key, then those of the old one.

    Source: RFC 2104.

    >>> of = pseudonymiser("secret")
    >>> of("ada") == of("ada"), of("ada") == pseudonymiser("other")("ada")
    (True, False)
    >>> pseudonymiser("secret", "other")("ada") == of("ada") << 64 | pseudonymiser("other")("ada")
    True
    """
    if old is not None:
        new, before = _of_key(key), _of_key(old)
        return lambda customer: new(customer) << _HALF | before(customer)
    return _of_key(key)


def _of_key(key: str) -> Callable[[str], int]:
    """HMAC written out with two prepared hash states: faster than `hmac.digest` on short texts, with the same bytes."""
    raw = key.encode()
    if len(raw) > 64:
        raw = hashlib.sha256(raw).digest()
    block = raw.ljust(64, b"\0")
    sha256 = _sha256()
    inner = sha256(bytes(byte ^ 0x36 for byte in block)).copy
    outer = sha256(bytes(byte ^ 0x5C for byte in block)).copy
    # Quicker than `int.from_bytes` of a slice, which makes a second text of eight bytes first.
    first_eight = struct.Struct(">Q24x").unpack

    def pseudonym(customer: str) -> int:
        first = inner()
        first.update(customer.encode())
        second = outer()
        second.update(first.digest())
        (number,) = first_eight(second.digest())
        return number  # type: ignore[no-any-return]

    # A slip here would silently change every pseudonym: hold it against the library once, at the start.
    if pseudonym("probe") != int.from_bytes(hmac.digest(key.encode(), b"probe", "sha256")[:8]):
        raise AssertionError("the prepared HMAC differs from the library's")
    return pseudonym


def key_mark(key: str) -> str:
    """Four hexadecimal digits that tell keys apart: one in 65,536 keys has the same.

    Whoever guesses a key may try it on the mark, so a key must be long enough not to be guessed, as it must anyway.

    >>> key_mark("secret") == key_mark("secret"), key_mark("secret") == key_mark("other")
    (True, False)
    """
    # A text that no helpdesk writes where a customer belongs, so that no pseudonym begins like the mark.
    return hmac.digest(key.encode(), b"\0mark of the key", "sha256").hex()[:4]


def pack(customers: Iterable[int]) -> str:
    """Pack pseudonyms: the empty set is the empty string.

    >>> estimate(pack([3, 5, 3])), estimate(pack([3 << 64 | 7, 5 << 64 | 9]))
    (2, 2)
    """
    distinct = set(customers)
    if not distinct:
        return ""
    if max(distinct) > _OLD:
        return _pack_twice({one >> _HALF for one in distinct}, {one & _OLD for one in distinct})
    if len(distinct) > EXACT:
        return _pack_sketch(sketch_of(distinct))
    return SET + b2a_base64(struct.pack(f">{len(distinct)}Q", *sorted(distinct)), newline=False).decode()


def sketch_of(customers: Iterable[int]) -> datasketches.hll_sketch:
    """A sketch that holds these pseudonyms, of 64 bits."""
    sketch = datasketches.hll_sketch(LOG2_REGISTERS, datasketches.HLL_4)
    for customer in customers:
        sketch.update(customer - (1 << 64) if customer >> 63 else customer)
    return sketch


class Sketch:
    """Many customers that come bit by bit; packed like a set of them, and unable to forget.

    >>> sketch = Sketch()
    >>> sketch.add([1, 2, 3])
    >>> sketch.add([3])
    >>> estimate(sketch.packed())
    3
    """

    __slots__ = ("_new", "_old")

    def __init__(self) -> None:
        self._new = sketch_of(())
        self._old: datasketches.hll_sketch | None = None

    def add(self, customers: Iterable[int]) -> None:
        """Take pseudonyms in, of one key or of two."""
        take = self._new.update
        for customer in customers:
            new = customer
            if customer > _OLD:
                new = customer >> _HALF
                old = customer & _OLD
                held = self._old = self._old or sketch_of(())
                held.update(old - (1 << 64) if old >> 63 else old)
            take(new - (1 << 64) if new >> 63 else new)

    def packed(self) -> str:
        """All of them, packed to travel."""
        new = _pack_sketch(self._new)
        return new if self._old is None else f"{TWICE}{new}:{_pack_sketch(self._old)}"


def merge(packed: Iterable[str]) -> str:
    """The union of packed sets and sketches, packed.

    Raises:
        ValueError: one of them is neither.

    >>> estimate(merge([pack([1, 2]), pack([2, 3]), ""]))
    3

    Customer 7 of the old key came again as 1 of the new one, 8 as 2, and 3 before the old key was let go:

    >>> before, meanwhile, after = pack([7, 8]), pack([1 << 64 | 7, 3 << 64 | 9]), pack([3, 2])
    >>> [estimate(merge(some)) for some in ([before, meanwhile], [meanwhile, after])]
    [3, 3]
    """
    parts = list(packed)
    if any(one.startswith(TWICE) for one in parts):
        pairs = [_halves(one) for one in parts if one]
        return f"{TWICE}{_merged(new for new, _ in pairs)}:{_merged(old for _, old in pairs)}"
    return _merged(parts)


def estimate(packed: str) -> int:
    """How many distinct customers: exact for a set, within about 6 % (two standard errors) for a sketch.

    Of two keys the smaller number, which for sketches is 2 % too low on average.

    >>> 970 < estimate(pack(range(10**12, 10**12 + 1000))) < 1030
    True
    """
    if not packed:
        return 0
    if packed[0] == TWICE:
        return min(estimate(half) for half in _halves(packed))
    body = base64.b64decode(packed[1:])
    if packed[0] == SET:
        return len(body) // 8
    return round(float(datasketches.hll_sketch.deserialize(body).get_estimate()))


def _pack_twice(new: set[int], old: set[int]) -> str:
    return f"{TWICE}{pack(new)}:{pack(old)}"


def _halves(packed: str) -> tuple[str, str]:
    """By the new key and by the old one; what knows one key only says the same of either."""
    if packed[0] != TWICE:
        return packed, packed
    new, _, old = packed[1:].partition(":")
    return new, old


def _pack_sketch(sketch: datasketches.hll_sketch) -> str:
    return SKETCH + base64.b64encode(sketch.serialize_compact()).decode()


def _merged(packed: Iterable[str]) -> str:
    exact: set[int] = set()
    union: datasketches.hll_union | None = None
    for one in packed:
        if not one:
            continue
        body = base64.b64decode(one[1:])
        if one[0] == SET:
            exact.update(np.frombuffer(body, dtype=">u8").tolist())
        elif one[0] == SKETCH:
            union = union or datasketches.hll_union(LOG2_REGISTERS)
            union.update(datasketches.hll_sketch.deserialize(body))
        else:
            raise ValueError("not a packed set of customers")
    if union is None:
        return pack(exact)
    union.update(sketch_of(exact))
    return _pack_sketch(union.get_result(datasketches.HLL_4))
