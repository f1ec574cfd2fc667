"""What a ticket's text says of voucher codes. The text itself goes no further than here."""

from __future__ import annotations

from typing import Any

from streams.sources.code_candidates import CodeCandidates
from streams.sources.code_finder import CodeFinder

CANDIDATE = "code_candidate"
"""The attribute that holds the hash of a word that may be a code."""


def words_of(text: Any) -> str:
    """All texts that an expression found, one below the other."""
    parts = text if isinstance(text, list) else [text]
    return "\n".join(part for part in parts if isinstance(part, str))


def look_for_codes(
    said: dict[str, Any], writer: str, text: str, codes: CodeFinder, candidates: CodeCandidates | None
) -> None:
    """Put a code of a text into a ticket, or the hash of a word that may be one.

    Args:
        said: the ticket's fields; changed.
        writer: who wrote it, where the ticket names no customer.
        text: without tags.
        codes: finds known codes.
        candidates: remembers code-like words that are none.
    """
    said["voucher_code"] = next(iter(codes.find(text)), None)
    if said["voucher_code"] is not None or candidates is None:
        return
    who = said.get("customer") or writer
    hashed, shown = next(iter(candidates.take(text, who)), (None, None))
    said["voucher_code"] = shown
    if hashed is not None and shown is None:
        said["attributes"] = {**said.get("attributes", {}), CANDIDATE: hashed}
