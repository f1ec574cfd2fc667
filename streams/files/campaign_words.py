"""What people write about a campaign into a calendar's or a tool's text fields, by docs/campaigns.md.

A line `Voucher: CODE` (or `voucher=CODE`) names codes; further labels are `Promise`, `Owner`, `Uplift`, `Reasons`,
`Markets`, `Channels` (German: Gutschein, Versprechen, Verantwortlich, Anstieg, Gründe, Märkte, Kanäle). All other
lines are not looked at, so what else stands in a description goes nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from alerts.records import CampaignKind

_LABELS = {
    "voucher": "voucher", "code": "voucher", "gutschein": "voucher", "gutscheincode": "voucher",
    "promise": "promise", "versprechen": "promise",
    "owner": "owner", "verantwortlich": "owner",
    "uplift": "uplift", "expected_uplift": "uplift", "anstieg": "uplift",
    "reasons": "reasons", "gründe": "reasons", "kontaktgründe": "reasons",
    "markets": "markets", "märkte": "markets",
    "channels": "channels", "kanäle": "channels",
}  # fmt: skip
_LINE = re.compile(r"\s*([^\W\d]+)\s*[:=]\s*(.+)")
_KINDS: dict[str, CampaignKind] = {
    "voucher": "voucher", "gutschein": "voucher", "tv": "tv",
    "newsletter": "newsletter", "email": "newsletter", "e-mail": "newsletter",
    "sale": "sale", "product": "product", "produkt": "product",
}  # fmt: skip
_TAG = re.compile(r"<br\s*/?>|</?(?:p|div|li|ul|ol)\b[^>]*>", re.IGNORECASE)
_OTHER_TAG = re.compile(r"<[^<>]{1,500}>")


@dataclass(frozen=True, slots=True)
class Said:
    """What a description says of a campaign.

    `uplift` is NaN where the line is no number above 0; then `uplift_said` is what stands there.
    """

    voucher_codes: list[str] = field(default_factory=list)
    promise: str | None = None
    owner: str | None = None
    uplift: float = 1.0
    uplift_said: str = ""
    contact_reasons: list[str] = field(default_factory=list)
    markets: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)


def said_in(text: str) -> Said:
    """Read a description; some calendars send it as HTML.

    >>> said_in("Hello<br>Voucher: A1, A2<br>voucher=A3<br>expected_uplift=1,4").voucher_codes
    ['A1', 'A2', 'A3']
    """
    said: dict[str, str] = {}
    for line in _plain(text).splitlines():
        match = _LINE.fullmatch(line)
        label = _LABELS.get(match[1].lower()) if match else None
        if match and label:
            value = match[2].strip()
            said[label] = f"{said[label]}, {value}" if label == "voucher" and label in said else value
    return Said(
        voucher_codes=split(said.get("voucher", "")),
        promise=said.get("promise"),
        owner=said.get("owner"),
        uplift=_uplift(said.get("uplift", "1")),
        uplift_said=said.get("uplift", ""),
        contact_reasons=split(said.get("reasons", "")),
        markets=split(said.get("markets", "")),
        channels=split(said.get("channels", "")),
    )


def misspelt_in(text: str) -> list[tuple[str, str]]:
    r"""Labels of a description that are nearly one of ours, each with the one that was probably meant.

    >>> misspelt_in("Gutchein: A1\nhttps: no\nVoucher: A2\nErika: calls back")
    [('Gutchein', 'gutschein')]
    """
    found = []
    for line in _plain(text).splitlines():
        match = _LINE.fullmatch(line)
        if match and match[1].lower() not in _LABELS:
            found += [(match[1], one) for one in get_close_matches(match[1].lower(), _LABELS, 1, cutoff=0.8)]
    return found


def split(text: str) -> list[str]:
    """The parts of a list that people write.

    >>> split("A1, A2; ")
    ['A1', 'A2']
    """
    return [part.strip() for part in re.split(r"[,;]", text) if part.strip()]


def kind_of(categories: Iterable[str], name: str, codes: list[str]) -> CampaignKind:
    """The kind of a campaign: by its categories, else by whether it has codes, else by its name.

    >>> kind_of([], "TV-Spot", []), kind_of(["Sale"], "TV-Spot", ["A1"]), kind_of([], "Summer", ["A1"])
    ('tv', 'sale', 'voucher')
    """
    for category in categories:
        kind = _KINDS.get(category.strip().lower())
        if kind:
            return kind
    if codes:
        return "voucher"
    for word in re.findall(r"[\w-]+", name.lower()):
        kind = _KINDS.get(word) or _KINDS.get(word.partition("-")[0])
        if kind:
            return kind
    return "other"


def _plain(text: str) -> str:
    return _OTHER_TAG.sub("", _TAG.sub("\n", text))


def _uplift(text: str) -> float:
    try:
        uplift = float(text.replace(",", "."))
    except ValueError:
        return float("nan")
    return uplift if 0 < uplift < float("inf") else float("nan")
