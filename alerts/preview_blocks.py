"""A message's blocks as HTML, close to how Slack draws them. Every word of a payload is escaped here."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from alerts.language import MONTHS, Language
from alerts.preview_chart import drawn as chart_drawn
from alerts.preview_style import EMOJI

_DATE = re.compile(r"&lt;!date\^(\d+)\^([^|]*?)\|(.*?)&gt;")
_LINK = re.compile(r"&lt;(https?://[^|\s]*?)\|(.*?)&gt;")
_PERSON = re.compile(r"&lt;@([UW][A-Z0-9]{5,20})&gt;")
_CODE = re.compile(r"`([^`\n]+)`")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


@dataclass(frozen=True, slots=True)
class View:
    """Whose eyes a page is for: time zone, language, the names of Slack ids."""

    timezone: tzinfo
    language: Language
    people: Mapping[str, str]


def block(block: Mapping[str, Any], view: View) -> str:
    """One block as HTML; "" for what a page cannot show."""
    match block["type"]:
        case "header":
            return f'<h2 dir="auto">{_plain(block["text"]["text"])}</h2>'
        case "section":
            text = (
                f'<div class="section" dir="auto">{_text(block["text"], view)}</div>'
                if "text" in block
                else ""
            )
            fields = "".join(f"<div>{_text(one, view)}</div>" for one in block.get("fields", []))
            return text + (f'<div class="fields">{fields}</div>' if fields else "")
        case "context":
            return (
                '<div class="context">'
                + "".join(f"<span>{_text(one, view)}</span>" for one in block["elements"])
                + "</div>"
            )
        case "rich_text":
            return '<div class="rich">' + "".join(_rich(one, view) for one in block["elements"]) + "</div>"
        case "actions":
            return '<div class="actions">' + "".join(map(_element, block["elements"])) + "</div>"
        case "data_visualization":
            return chart_drawn(block)
        case "divider":
            return "<hr>"
        case _:
            return ""


def _element(element: Mapping[str, Any]) -> str:
    asks = f' title="{html.escape(element["confirm"]["text"]["text"])}"' if "confirm" in element else ""
    if element["type"] == "button":
        return (
            f'<span class="button {element.get("style", "")}"{asks}>{_plain(element["text"]["text"])}</span>'
        )
    options = "".join(f"<li>{_plain(one['text']['text'])}</li>" for one in element.get("options", []))
    label = _plain(element.get("placeholder", {"text": "⋯"})["text"])
    return (
        f'<details class="menu"{asks}><summary class="button">{label}</summary><ul>{options}</ul></details>'
    )


def _rich(element: Mapping[str, Any], view: View) -> str:
    match element["type"]:
        case "rich_text_list":
            return (
                "<ul>" + "".join(f"<li>{_parts(line, view)}</li>" for line in element["elements"]) + "</ul>"
            )
        case "rich_text_quote":
            return f"<blockquote>{_parts(element, view)}</blockquote>"
        case _:
            return f"<p>{_parts(element, view)}</p>"


def _parts(element: Mapping[str, Any], view: View) -> str:
    return "".join(_part(part, view) for part in element["elements"])


def _part(part: Mapping[str, Any], view: View) -> str:
    match part["type"]:
        case "date":
            return _date(int(part["timestamp"]), part["format"], view, part["fallback"])
        case "user":
            return _mention(part["user_id"], view)
        case "link" if part["url"].startswith(("https://", "http://")):
            return f'<a href="{html.escape(part["url"])}" rel="noreferrer">{_plain(part["text"])}</a>'
        case "usergroup":
            return _mention(part["usergroup_id"], view)
        case _:
            text = _plain(part.get("text", ""))
            style = part.get("style", {})
            if style.get("code"):
                text = f"<code>{text}</code>"
            return f"<b>{text}</b>" if style.get("bold") else text


def _text(text: Mapping[str, Any], view: View) -> str:
    if text["type"] == "plain_text":
        return _plain(text["text"])
    return mrkdwn(text["text"], view)


def mrkdwn(text: str, view: View) -> str:
    """Slack's own markup as HTML."""
    # What Slack decodes is escaped again for HTML; the control sequences are found in their escaped form.
    safe = html.escape(text)
    safe = safe.replace("&amp;amp;", "&amp;").replace("&amp;lt;", "\x01").replace("&amp;gt;", "\x02")
    safe = _DATE.sub(lambda match: _date(int(match[1]), match[2], view, match[3]), safe)
    safe = _PERSON.sub(lambda match: _mention(match[1], view), safe)
    safe = _LINK.sub(r'<a href="\1" rel="noreferrer">\2</a>', safe)
    safe = _BOLD.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", safe))
    return _drawn(safe.replace("\x01", "&lt;").replace("\x02", "&gt;"))


def _plain(text: str) -> str:
    return _drawn(html.escape(text))


def _drawn(safe: str) -> str:
    for emoji, drawing in EMOJI.items():
        safe = safe.replace(emoji, drawing)
    return safe.replace("\n", "<br>")


def _mention(identity: str, view: View) -> str:
    return f'<span class="mention">@{html.escape(view.people.get(identity, identity))}</span>'


def _date(epoch: int, form: str, view: View, fallback: str) -> str:
    at = datetime.fromtimestamp(epoch, view.timezone)
    day = f"{at.day}.{at.month}." if view.language == "de" else f"{at.day} {MONTHS[at.month - 1]}"
    shown = form.replace("{date_short_pretty}", day).replace("{time}", f"{at:%H:%M}")
    title = html.escape(html.unescape(fallback))
    return f'<time datetime="{at.isoformat()}" title="{title}">{html.escape(shown)}</time>'
