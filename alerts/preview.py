"""One HTML page that shows payloads as people see them in Slack: for the demo, the README and our own eyes.

Every word of a payload is escaped here; the page loads nothing from anywhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from alerts.language import MONTHS, Language
from alerts.preview_style import AVATAR, EMOJI, STYLE

_DATE = re.compile(r"&lt;!date\^(\d+)\^([^|]*?)\|(.*?)&gt;")
_LINK = re.compile(r"&lt;(https?://[^|\s]*?)\|(.*?)&gt;")
_CODE = re.compile(r"`([^`\n]+)`")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_WORDS = {"de": ("1 Antwort", "{} Antworten"), "en": ("1 reply", "{} replies")}


@dataclass(frozen=True, slots=True)
class _View:
    timezone: tzinfo
    language: Language
    people: Mapping[str, str]


@dataclass(slots=True)
class _Thread:
    payload: Mapping[str, Any]
    posted: float
    replies: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chapter:
    """The channel at one moment: a title, the lines of `messages.jsonl` up to then, a sentence."""

    title: str
    messages: Iterable[Mapping[str, Any]]
    note: str = ""


def page(
    messages: Iterable[Mapping[str, Any]],
    title: str,
    *,
    channel: str = "service-and-marketing",
    language: Language = "en",
    timezone: tzinfo = UTC,
    note: str = "",
    people: Mapping[str, str] | None = None,
) -> str:
    """The channel as it stands after all messages: each root in its last state, its thread below it.

    Args:
        messages: lines of `messages.jsonl` in their order.
        title: of the page and the tab.
        channel: name in the channel's header.
        language: of the few words around the messages.
        timezone: for times, which Slack would show in each reader's own.
        note: a sentence under the title.
        people: names of Slack ids, which Slack itself knows.
    """
    chapter = Chapter(title, messages, note)
    return book([chapter], channel=channel, language=language, timezone=timezone, people=people)


def book(
    chapters: Sequence[Chapter],
    *,
    channel: str = "service-and-marketing",
    language: Language = "en",
    timezone: tzinfo = UTC,
    people: Mapping[str, str] | None = None,
) -> str:
    """The channel at several moments, one below the other; the first chapter's title is the page's.

    Choose it where the way to the last state matters: an edited message no longer shows how it began.
    """
    view = _View(timezone, language, people or {})
    shown = "".join(_chapter(chapter, channel, view) for chapter in chapters)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(chapters[0].title)}</title><style>{STYLE}</style></head><body>"
        f"{shown}</body></html>"
    )


def thread(
    messages: Iterable[Mapping[str, Any]],
    *,
    language: Language = "en",
    timezone: tzinfo = UTC,
    people: Mapping[str, str] | None = None,
) -> str:
    """Messages as they stand in the end, as a part of another page: `preview_style` has their looks.

    Args:
        messages: as for `page`; the replies are folded away.
        language: as there.
        timezone: as there.
        people: as there.
    """
    view = _View(timezone, language, people or {})
    shown = [_thread(one, view, unfolded=False) for one in _threads(messages)]
    return f'<div class="messages">{"".join(shown)}</div>'


def _chapter(chapter: Chapter, channel: str, view: _View) -> str:
    shown = [_thread(one, view) for one in _threads(chapter.messages)]
    name = html.escape(channel.lstrip("#"))
    about = f'<p class="note">{html.escape(chapter.note)}</p>' if chapter.note else ""
    return (
        f'<main><header class="channel"><h1><span class="hash">#</span>{name}</h1>'
        f'<p class="title">{html.escape(chapter.title)}</p>{about}</header>'
        f'<div class="messages">{"".join(shown)}</div></main>'
    )


def _threads(messages: Iterable[Mapping[str, Any]]) -> Sequence[_Thread]:
    threads: dict[str, _Thread] = {}
    for message in messages:
        if message["method"] == "chat.update":
            if message["ts"] in threads:
                threads[message["ts"]].payload = message
        elif "thread_ts" in message:
            if message["thread_ts"] in threads:
                threads[message["thread_ts"]].replies.append((float(message["posted_ts"]), message))
        else:
            threads[message["posted_ts"]] = _Thread(message, float(message["posted_ts"]))
    return list(threads.values())


def _thread(thread: _Thread, view: _View, *, unfolded: bool = True) -> str:
    one, several = _WORDS[view.language]
    inner = _message(thread.payload, thread.posted, view)
    if thread.replies:
        number = len(thread.replies)
        count = one if number == 1 else several.format(number)
        replies = "".join(_message(payload, posted, view) for posted, payload in thread.replies)
        inner += f'<details class="thread"{" open" if unfolded else ""}><summary>{count}</summary>{replies}</details>'
    return f'<article class="root">{inner}</article>'


def _message(payload: Mapping[str, Any], posted: float, view: _View) -> str:
    at = datetime.fromtimestamp(posted, view.timezone)
    body = "".join(_block(block, view) for block in payload.get("blocks", []))
    if not body:
        body = f'<div class="section">{_mrkdwn(payload.get("text", ""), view)}</div>'
    stamp = f'<time datetime="{at.isoformat()}">{at:%H:%M}</time>'
    who = f'<p class="who"><b>ticketspike</b><span class="app">APP</span>{stamp}</p>'
    avatar = f'<div class="avatar" aria-hidden="true">{AVATAR}</div>'
    return f'<div class="message">{avatar}<div class="body">{who}{body}</div></div>'


def _block(block: Mapping[str, Any], view: _View) -> str:
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
        case "divider":
            return "<hr>"
        case _:
            return ""


def _rich(element: Mapping[str, Any], view: _View) -> str:
    match element["type"]:
        case "rich_text_list":
            return (
                "<ul>" + "".join(f"<li>{_parts(line, view)}</li>" for line in element["elements"]) + "</ul>"
            )
        case "rich_text_quote":
            return f"<blockquote>{_parts(element, view)}</blockquote>"
        case _:
            return f"<p>{_parts(element, view)}</p>"


def _parts(element: Mapping[str, Any], view: _View) -> str:
    return "".join(_part(part, view) for part in element["elements"])


def _part(part: Mapping[str, Any], view: _View) -> str:
    match part["type"]:
        case "date":
            return _date(int(part["timestamp"]), part["format"], view, part["fallback"])
        case "user":
            return _mention(part["user_id"], view)
        case "usergroup":
            return _mention(part["usergroup_id"], view)
        case _:
            text = _plain(part.get("text", ""))
            style = part.get("style", {})
            if style.get("code"):
                text = f"<code>{text}</code>"
            return f"<b>{text}</b>" if style.get("bold") else text


def _text(text: Mapping[str, Any], view: _View) -> str:
    if text["type"] == "plain_text":
        return _plain(text["text"])
    return _mrkdwn(text["text"], view)


def _mrkdwn(text: str, view: _View) -> str:
    # What Slack decodes is escaped again for HTML; the control sequences are found in their escaped form.
    safe = html.escape(text)
    safe = safe.replace("&amp;amp;", "&amp;").replace("&amp;lt;", "\x01").replace("&amp;gt;", "\x02")
    safe = _DATE.sub(lambda match: _date(int(match[1]), match[2], view, match[3]), safe)
    safe = _LINK.sub(r'<a href="\1" rel="noreferrer">\2</a>', safe)
    safe = _BOLD.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", safe))
    return _drawn(safe.replace("\x01", "&lt;").replace("\x02", "&gt;"))


def _plain(text: str) -> str:
    return _drawn(html.escape(text))


def _drawn(safe: str) -> str:
    for emoji, drawing in EMOJI.items():
        safe = safe.replace(emoji, drawing)
    return safe.replace("\n", "<br>")


def _mention(identity: str, view: _View) -> str:
    return f'<span class="mention">@{html.escape(view.people.get(identity, identity))}</span>'


def _date(epoch: int, form: str, view: _View, fallback: str) -> str:
    at = datetime.fromtimestamp(epoch, view.timezone)
    day = f"{at.day}.{at.month}." if view.language == "de" else f"{at.day} {MONTHS[at.month - 1]}"
    shown = form.replace("{date_short_pretty}", day).replace("{time}", f"{at:%H:%M}")
    title = html.escape(html.unescape(fallback))
    return f'<time datetime="{at.isoformat()}" title="{title}">{html.escape(shown)}</time>'
