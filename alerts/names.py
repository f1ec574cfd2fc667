"""Names as people and machines spell them, compared."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    """A name as it is compared: people type codes and reasons otherwise than machines do.

    Letters and digits count, in whatever case, width or spelling of umlauts; what stands between them does not.

    >>> fold("Sommer 25") == fold("SOMMER-25"), fold("Gutschein ungültig") == fold("gutschein_ungueltig.")
    (True, True)
    >>> fold("C++") == fold("c"), fold("🔥") == fold("🎁")
    (True, False)
    """
    spelt = unicodedata.normalize("NFKC", name).casefold().translate(_UMLAUTS)
    plain = "".join(char for char in unicodedata.normalize("NFKD", spelt) if char.isalnum())
    return plain or "".join(spelt.split())
