"""Slack's Block Kit as plain values that cannot exceed Slack's limits, nor let a word from outside act.

Words from outside (contact reasons, campaigns, codes, facet values) stand in `plain_text` or in rich text,
which Slack shows as they are, or go through `escape`. Only our own words are `mrkdwn`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

from alerts import limits, redact
from alerts.language import Language, moment

Block = dict[str, Any]
Part = dict[str, Any]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CALL = re.compile(r"<(?=[!@#])")
_CUT = {"de": "… (gekürzt)", "en": "… (shortened)"}
_USER = re.compile(r"[UW][A-Z0-9]{5,20}")
_GROUP = re.compile(r"S[A-Z0-9]{5,20}")


def escape(text: str) -> str:
    """Words from outside, made harmless for mrkdwn and for `text`; entities are not read twice.

    >>> escape("<!channel> & <https://example.org|here>")
    '&lt;!channel&gt; &amp; &lt;https://example.org|here&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def visible(text: str) -> str:
    r"""Text without control characters and broken halves of characters, which Slack refuses.

    >>> visible("a\x00b\nc")
    'ab\nc'
    """
    return _CONTROL.sub("", text)


def clean(text: str) -> str:
    r"""Words from outside as plain text may carry them: no control characters, and no sequence that calls.

    Slack does not read `<!channel>` in plain text; the invisible joiner makes sure that no client or copy
    does. Right-to-left text is isolated, so that it cannot turn the figures behind it around.

    >>> clean("a\x00b"), clean("<!here>") == "<\u2060!here>"
    ('ab', True)
    """
    text = _CALL.sub("<\u2060", visible(text))
    if any(
        unicodedata.bidirectional(char) in ("R", "AL", "RLE", "RLO", "RLI", "LRO", "LRE") for char in text
    ):
        return f"\u2068{text}\u2069"
    return text


def one_line(text: str) -> str:
    r"""Words from outside in one line.

    >>> one_line(" voucher\n\n invalid ")
    'voucher invalid'
    """
    return clean(" ".join(text.split()))


def fit(text: str, limit: int, language: Language) -> str:
    """Text cut to a limit at a whole word, saying that it was; unchanged when it fits.

    Personal data is replaced before the cut: half an account number passes no check any more.

    >>> fit("one two three four five", 18, "en")
    'one… (shortened)'
    >>> len(fit("x" * 200, 150, "de"))
    150
    """
    if len(text) <= limit:
        return text
    text = redact.safe(text)
    if len(text) <= limit:
        return text
    room = limit - len(_CUT[language])
    kept = text[: room + 1].rsplit(maxsplit=1)[0] if any(char.isspace() for char in text[: room + 1]) else ""
    # One word that fills most of the room: cut inside rather than show nearly nothing.
    kept = kept if len(kept) > room // 3 else text[:room]
    # An entity cut in half would show as letters.
    kept = re.sub(r"&[a-z]{0,3}$", "", kept[:room].rstrip())
    return kept + _CUT[language]


def header(text: str, language: Language) -> Block:
    """A headline, at most 150 characters; `emoji` off, so that `:words:` of a reason stay what they are."""
    return {"type": "header", "text": plain(fit(text, limits.HEADER, language))}


def paragraph(text: str, language: Language) -> Block:
    """Words from outside as a paragraph of their own."""
    return {"type": "section", "text": plain(fit(text, limits.SECTION, language))}


def markdown(text: str, language: Language) -> Block:
    """A paragraph of our own words; what is from outside in it must be escaped."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": fit(text, limits.SECTION, language)}}


def fields(pairs: Sequence[tuple[str, str]], language: Language) -> Block:
    """Label and value in two columns, at most ten; our own words and figures only."""
    texts = [fit(f"*{label}*\n{value}", limits.FIELD, language) for label, value in pairs[: limits.FIELDS]]
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in texts]}


def context(parts: Sequence[tuple[str, str]], language: Language) -> Block:
    """Small print: (kind, text) with kind `plain_text` for words from outside, `mrkdwn` for our own."""
    elements = [
        plain(fit(text, limits.CONTEXT_TEXT, language))
        if kind == "plain_text"
        else {"type": "mrkdwn", "text": fit(text, limits.CONTEXT_TEXT, language), "verbatim": True}
        for kind, text in parts[: limits.CONTEXT_ELEMENTS]
    ]
    return {"type": "context", "elements": elements}


def rich(*elements: Block) -> Block:
    """Rich text out of lines, lists and quotes."""
    return {"type": "rich_text", "elements": list(elements)}


def line(*parts: Part) -> Block:
    """A line of rich text."""
    return {"type": "rich_text_section", "elements": list(parts)}


def bullets(lines: Sequence[Block]) -> Block:
    """A bullet list of rich text lines."""
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines)}


def quoted(*parts: Part) -> Block:
    """A quotation in rich text."""
    return {"type": "rich_text_quote", "elements": list(parts)}


def words(text: str, *styles: str) -> Part:
    """A run of rich text, literally; styles are `bold`, `italic`, `code`."""
    part: Part = {"type": "text", "text": text}
    return part | {"style": dict.fromkeys(styles, True)} if styles else part


def link(url: str, text: str) -> Part:
    """A link in rich text, with our own words on it."""
    return {"type": "link", "url": url, "text": text}


def date(at: datetime, zone: tzinfo, language: Language, form: str = "{date_short_pretty} {time}") -> Part:
    """A time in rich text, shown in each reader's own zone."""
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": form,
        "fallback": moment(at, zone, language),
    }


def owner(name: str, language: Language) -> Part:
    """A campaign's owner: a mention where it is a Slack user's or group's id, plain words otherwise.

    >>> owner("U024BE7LH", "en"), owner("@channel", "en")["type"]
    ({'type': 'user', 'user_id': 'U024BE7LH'}, 'text')
    """
    if is_user(name):
        return {"type": "user", "user_id": name}
    if is_group(name):
        return {"type": "usergroup", "usergroup_id": name}
    return words(fit(one_line(name), 80, language) or "–")


def person(name: str, language: Language) -> Part:
    """Who answered: a mention where it is a Slack user's id, plain words otherwise; never a group.

    >>> person("U024BE7LH", "en"), person("S0614TZR7", "en")
    ({'type': 'user', 'user_id': 'U024BE7LH'}, {'type': 'text', 'text': 'S0614TZR7'})
    """
    return owner(name, language) if is_user(name) else words(fit(one_line(name), 80, language) or "–")


def is_user(name: str) -> bool:
    """Whether a name is a Slack user's id; words in capitals (SUPPORT) are none."""
    return _USER.fullmatch(name) is not None and any(char.isdigit() for char in name)


def is_group(name: str) -> bool:
    """Whether a name is the id of a Slack user group."""
    return _GROUP.fullmatch(name) is not None and any(char.isdigit() for char in name)


def tickets_link(template: str, contact_reason: str, begin: datetime, end: datetime) -> str | None:
    """The address of the affected tickets, or None when it would be longer than Slack takes.

    Every value is percent-encoded, so a reason can neither end the address nor add to it. A reason with
    personal data gets no link: encoded it would pass the guard, and without it nothing would be found.

    >>> at = datetime.fromisoformat("2026-11-20T10:15:00+01:00")
    >>> tickets_link("https://help.example/search?q={contact_reason}&since={from}", "a|b>", at, at)
    'https://help.example/search?q=a%7Cb%3E&since=2026-11-20T10%3A15%3A00%2B01%3A00'
    """
    if "{contact_reason}" in template and redact.safe(contact_reason) != contact_reason:
        return None
    values = {"contact_reason": contact_reason, "from": begin.isoformat(), "to": end.isoformat()}
    url = template
    for name, value in values.items():
        url = url.replace("{" + name + "}", quote(value.encode("utf-8", "replace"), safe=""))
    url = link_target(url)
    return url if len(url) <= limits.URL // 2 and url.startswith(("https://", "http://")) else None


def link_target(url: str) -> str:
    """An address that cannot end the link it stands in.

    >>> link_target("https://example.org/a|b> c")
    'https://example.org/a%7Cb%3E%20c'
    """
    return url.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace(" ", "%20")


def plain(text: str) -> dict[str, Any]:
    """A text object that Slack shows as it stands; `emoji` off, so that `:words:` stay what they are."""
    return {"type": "plain_text", "text": text, "emoji": False}
