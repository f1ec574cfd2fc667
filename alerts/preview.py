"""One HTML page that shows payloads as people see them in Slack: for the demo, the README and our own eyes.

Every word of a payload is escaped here; the page loads nothing from anywhere.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from alerts.language import Language
from alerts.preview_blocks import View, block, mrkdwn
from alerts.preview_style import AVATAR, STYLE

_WORDS = {"de": ("1 Antwort", "{} Antworten"), "en": ("1 reply", "{} replies")}


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
    view = View(timezone, language, people or {})
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
    view = View(timezone, language, people or {})
    shown = [_thread(one, view, unfolded=False) for one in _threads(messages)]
    return f'<div class="messages">{"".join(shown)}</div>'


def _chapter(chapter: Chapter, channel: str, view: View) -> str:
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


def _thread(thread: _Thread, view: View, *, unfolded: bool = True) -> str:
    one, several = _WORDS[view.language]
    inner = _message(thread.payload, thread.posted, view)
    if thread.replies:
        number = len(thread.replies)
        count = one if number == 1 else several.format(number)
        replies = "".join(_message(payload, posted, view) for posted, payload in thread.replies)
        inner += f'<details class="thread"{" open" if unfolded else ""}><summary>{count}</summary>{replies}</details>'
    return f'<article class="root">{inner}</article>'


def _message(payload: Mapping[str, Any], posted: float, view: View) -> str:
    at = datetime.fromtimestamp(posted, view.timezone)
    body = "".join(block(one, view) for one in payload.get("blocks", []))
    if not body:
        body = f'<div class="section">{mrkdwn(payload.get("text", ""), view)}</div>'
    stamp = f'<time datetime="{at.isoformat()}">{at:%H:%M}</time>'
    who = f'<p class="who"><b>ticketspike</b><span class="app">APP</span>{stamp}</p>'
    avatar = f'<div class="avatar" aria-hidden="true">{AVATAR}</div>'
    return f'<div class="message">{avatar}<div class="body">{who}{body}</div></div>'
