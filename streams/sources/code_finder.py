"""Voucher codes in what customers write, found inside the process: the text itself goes nowhere.

Codes of running and recent campaigns are looked for as people type them: in any case, with blanks or hyphens
inside, O for 0, I or l for 1, a letter missing, doubled or swapped, and whatever punctuation mail programs put
behind. What is also a usual word or a number that counts something is a code only if the text says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from streams.sources.code_words import COUNTED, is_about_codes

TEXT_LIMIT = 20_000
"""Characters that are looked at: what a person writes is shorter, what a quoted thread adds is not about now."""
_NEAR = 10
"""Words between a code and the word that makes it one."""
_PARTS = 4
"""Words that a code may be torn into; single letters do not count."""
_LEAST_TYPO = 6
"""Letters and digits of a code from which one wrong letter still tells which it was."""
_WORD = re.compile(r"[^\W_]+|[%°€$£]")
_LOOKALIKE = str.maketrans({"0": "O", "1": "I", "L": "I", "|": "I"})
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_JOINERS = frozenset("-‐‑‒–—_./·+'\"’")


class _Word(NamedTuple):
    text: str
    gap: str
    """What stands between it and the word before."""

    @property
    def joined(self) -> bool:
        """Whether it hangs on the word before without a blank."""
        return self.gap not in ("", " ") and set(self.gap) <= _JOINERS


class CodeFinder:
    """Finds the codes it knows.

    Args:
        codes: as campaigns spell them; that spelling is what is found.

    Example:
        >>> finder = CodeFinder(["SOMMER25", "WELCOME"])
        >>> finder.find("Der Code sommer 25 geht nicht, S0MMER-25 auch nicht!")
        ['SOMMER25']
        >>> finder.find("Im Sommer 25 Euro gespart. You're welcome!")
        []
        >>> finder.find("The voucher WELCOME is refused")
        ['WELCOME']
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self._spelled: dict[str, list[str]] = {}
        for code in dict.fromkeys(codes):
            if fold(code):
                self._spelled.setdefault(fold(code), []).append(code)
        self._alikes: dict[str, list[str]] = {}
        for folded in self._spelled:
            if len(folded) >= _LEAST_TYPO:
                for shorter in _without_one(folded):
                    self._alikes.setdefault(shorter, []).append(folded)
        self._begins = {folded[:size] for folded in self._spelled for size in range(1, len(folded) + 1)}
        self._firsts = {one for one in map(chr, range(128)) if fold(one) in self._begins}

    def find(self, text: str) -> list[str]:
        """The codes that a text names, in the order of their first mention, each once.

        Args:
            text: of any length; only the beginning is looked at (`TEXT_LIMIT`).
        """
        if not self._spelled:
            return []
        said = _Said(text[:TEXT_LIMIT])
        found: dict[str, None] = {}
        place = 0
        while place < len(said.words):
            if self._passed_over(said, place):
                place += 1
                continue
            end, code = self._at(said, place)
            if code is not None:
                found[code] = None
            place = end
        return list(found)

    def _passed_over(self, said: _Said, place: int) -> bool:
        """Whether a word is one of the many with which no code begins, nor anything like one; told at little cost."""
        text = said.words[place].text
        plain = text.isascii() and text.isalpha() and not text.isupper() and text[0] not in self._firsts
        return plain and not (place + 1 < len(said.words) and said.words[place + 1].joined)

    def _at(self, said: _Said, place: int) -> tuple[int, str | None]:
        """Where to look on, and the code that begins at a word."""
        best: tuple[int, str] | None = None
        joined, parts = "", 0
        for end in range(place, len(said.words)):
            word = said.words[end]
            part = fold(word.text)
            joined += part
            parts += len(part) > 1
            if not part or joined not in self._begins or parts > _PARTS:
                break
            if joined in self._spelled and (code := self._meant(said, place, end, joined)) is not None:
                best = (end + 1, code)
        return best if best is not None else self._alike(said, place)

    def _meant(self, said: _Said, place: int, end: int, folded: str) -> str | None:
        """Which code the words from `place` to `end` are; None where they are none."""
        words = said.words[place : end + 1]
        typed = "".join(word.text for word in words)
        spelled = self._spelled[folded]
        same = [code for code in spelled if _plain(code) == _plain(typed)]
        # Two codes that look alike: only the one that was typed to the letter is meant.
        if len(spelled) > 1 and len(same) != 1:
            return None
        code = same[0] if same else spelled[0]
        torn = any(not word.joined for word in words[1:])
        if code.isdigit():
            return code if said.about_codes(place, end, near=3) and not said.counts(end) else None
        if torn and said.counts(end):
            return None
        mixed = any(one.isdigit() for one in code)
        if mixed and not torn:
            return code
        if said.about_codes(place, end):
            return code
        # A word that stands out in capitals of a text that is not shouted.
        shouted = typed.upper() == typed and any(one.isalpha() for one in typed)
        return code if shouted and not said.shouted and len(typed) >= 3 else None

    def _alike(self, said: _Said, place: int) -> tuple[int, str | None]:
        """The one code that differs from a word, its joined parts included, by one letter; digits must be right."""
        end, typed = place + 1, said.words[place].text
        while end < len(said.words) and said.words[end].joined:
            typed += said.words[end].text
            end += 1
        digits = _digits(typed)
        if not (digits or typed.upper() == typed) or not said.about_codes(place, end - 1):
            return place + 1, None
        folded = fold(typed)
        # Two texts are one letter apart only if they, or what each is without a letter, meet.
        near = {
            other
            for shorter in (folded, *_without_one(folded))
            for other in (*self._alikes.get(shorter, ()), shorter)
            if other in self._spelled and len(other) >= _LEAST_TYPO and one_letter_apart(folded, other)
        }
        codes = [code for other in near for code in self._spelled[other] if _digits(code) == digits]
        return (end, codes[0]) if len(codes) == 1 else (place + 1, None)


class _Said:
    """A text as words."""

    def __init__(self, text: str) -> None:
        plain = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
        self.words: list[_Word] = []
        last = 0
        for match in _WORD.finditer(plain):
            self.words.append(_Word(match[0], plain[last : match.start()]))
            last = match.end()
        self._plain = plain

    @cached_property
    def shouted(self) -> bool:
        """Whether most of its letters are capitals."""
        letters = [one for one in self._plain if one.isalpha()]
        return 2 * sum(one.isupper() for one in letters) > len(letters)

    @cached_property
    def _about(self) -> list[int]:
        return [place for place, word in enumerate(self.words) if is_about_codes(word.text.casefold())]

    def about_codes(self, place: int, end: int, near: int = _NEAR) -> bool:
        """Whether a word about codes stands near the words from `place` to `end`."""
        return any(place - near <= one < place or end < one <= end + near for one in self._about)

    def counts(self, end: int) -> bool:
        """Whether the number at `end` counts what comes after it."""
        if not self.words[end].text[-1:].isdigit() or end + 1 >= len(self.words):
            return False
        after = self.words[end + 1]
        return after.text.casefold() in COUNTED and not set(after.gap) & set(".!?\n")


def fold(code: str) -> str:
    """A code without what people confuse: case, separators, O and 0, I, l and 1.

    >>> fold("Sommer-25"), fold("s0mmer 25"), fold("HELLO10") == fold("heiio l0")
    ('SOMMER25', 'SOMMER25', True)
    """
    return _plain(code).translate(_LOOKALIKE)


def one_letter_apart(one: str, other: str) -> bool:
    """Whether one letter too many, too few, wrong, or two that changed places make one of the other.

    >>> [one_letter_apart("SOMMER25", typed) for typed in ("SOMER25", "SMOMER25", "SOMMER25", "SOMNER25")]
    [True, True, False, True]
    >>> one_letter_apart("SOMMER25", "SOMER52")
    False
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    rest, others = one[begin:], other[begin:]
    if len(rest) == len(others):
        swapped = len(rest) > 1 and rest[:2] == others[1::-1] and rest[2:] == others[2:]
        return rest[1:] == others[1:] or swapped
    return rest[1:] == others or rest == others[1:]


def _without_one(folded: str) -> set[str]:
    return {folded[:place] + folded[place + 1 :] for place in range(len(folded))}


def _digits(code: str) -> str:
    # Most words are letters only, and this is asked of each.
    return "" if code.isalpha() else "".join(one for one in code if one.isdigit())


def _plain(code: str) -> str:
    if code.isascii() and code.isalnum():
        return code.upper()
    normal = unicodedata.normalize("NFKC", code).translate(_INVISIBLE)
    return "".join(one for one in normal if one.isalnum()).upper()
