"""Words that look like a voucher code that nobody announced: shown only once several customers used them.

A code that marketing forgot to announce, or an agent's own, is what an alert most needs to name; but such a word
may as well be an order number or somebody's password. So until five customers have written it there is nothing of
it but a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass, field

from alerts import redact
from streams.sources.code_finder import TEXT_LIMIT, fold

LEAST_CUSTOMERS = 5
KEPT = 10_000
"""Words that are remembered, those used last."""
_AFTER = re.compile(
    r"(?i)\b\w*(?:code|gutschein|voucher|coupon|kupon)\w*\W{1,4}([A-Za-z0-9][A-Za-z0-9-]{3,19})\b"
)
_CODE_LIKE = re.compile(r"(?=.*[A-Z])[A-Z0-9-]{4,20}")


@dataclass(slots=True)
class _Word:
    spelled: str
    customers: set[str] = field(default_factory=set)


class CodeCandidates:
    """Remembers code-like words that are no known code, in this process only.

    Args:
        key: of the hash; the same for all workers.

    Example:
        >>> seen = CodeCandidates("secret")
        >>> for customer in "abcd":
        ...     hashed, shown = seen.take("Der Code HERBST15 geht nicht", customer)[0]
        >>> shown is None, seen.take("Code Herbst15? No: code HERBST15", "e")[0] == (hashed, "HERBST15")
        (True, True)
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._words: OrderedDict[str, _Word] = OrderedDict()

    def take(self, text: str, customer: str) -> list[tuple[str, str | None]]:
        """The candidates of a text: their hash, and the word itself where enough customers have used it.

        Args:
            text: what a customer wrote.
            customer: who, in any form that tells customers apart.
        """
        found: dict[str, tuple[str, str | None]] = {}
        for match in _AFTER.finditer(text[:TEXT_LIMIT]):
            spelled = match[1]
            if not _CODE_LIKE.fullmatch(spelled) or redact.safe(spelled) != spelled:
                continue
            folded = fold(spelled)
            word = self._words.setdefault(folded, _Word(spelled))
            self._words.move_to_end(folded)
            if len(word.customers) < LEAST_CUSTOMERS:
                word.customers.add(customer)
            if len(self._words) > KEPT:
                self._words.popitem(last=False)
            shown = word.spelled if len(word.customers) >= LEAST_CUSTOMERS else None
            found[folded] = (self._hashed(folded), shown)
        return list(found.values())

    def _hashed(self, folded: str) -> str:
        return hmac.new(self._key, folded.encode(), hashlib.sha256).hexdigest()[:12]
