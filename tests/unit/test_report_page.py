"""The report as people read it: its words, what hostile names do to it, how large it gets."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from past_weeks import FIRST, NEWSLETTER, contents

from alerts.language import Language
from streams.report.course import MOST_POINTS
from streams.report.page import page

DATA = Path(__file__).parents[1] / "data" / "report"
VOID = {"meta", "br", "hr", "rect", "path", "circle"}
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='alert(1)",
    "</title></style></details><!--",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "🎁🧨 {observed} %s {} &amp; &lt;b&gt;",
    "x" * 3000,
    "a b " * 750,
)


class Reader(HTMLParser):
    """Takes a page apart: its words by block, its tags, and whether they close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.targets: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "srcset", "action", "data"):
                self.targets.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "script") and data.strip():
            self.words.append(data.strip())


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_says_what_the_golden_one_says(
    tmp_path: Path, language: Language, update_test_data: bool
) -> None:
    read = Reader(page(contents(tmp_path, language, reasons=["Gutschein", "Lieferung", "Retoure"])))
    text = "\n".join(read.words) + "\n"
    golden = DATA / f"page.{language}.txt"
    if update_test_data:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert not re.search(r"\{\w*\}", text)


def test_the_page_needs_nothing_from_anywhere(tmp_path: Path) -> None:
    html = page(contents(tmp_path, "en", reasons=["a"]))
    read = Reader(html)
    assert all(target.startswith("#") for target in read.targets)
    assert {target[1:] for target in read.targets} <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    assert not re.search(r"url\(|@import|https?:", html)
    assert {"link", "img", "iframe", "object", "form", "base"}.isdisjoint(read.tags)


def test_hostile_names_stay_words(tmp_path: Path) -> None:
    import msgspec

    plain = Reader(page(contents(tmp_path, "en", reasons=["a"] * len(HOSTILE), many=len(HOSTILE))))
    campaign = msgspec.structs.replace(NEWSLETTER, name=HOSTILE[1], id=HOSTILE[0], owner=HOSTILE[0])
    html = page(
        contents(tmp_path, "en", reasons=HOSTILE, many=len(HOSTILE), campaigns=[campaign], version=HOSTILE[2])
    )
    read = Reader(html)
    assert (read.tags["script"], read.tags["style"]) == (1, 1)
    assert "img" not in read.tags
    assert not any(name.startswith("on") for name in read.attributes)
    assert read.attributes == plain.attributes
    assert {tag: read.tags[tag] for tag in ("details", "svg", "table")} == {
        tag: plain.tags[tag] for tag in ("details", "svg", "table")
    } | {"table": read.tags["table"]}
    assert any("<script>alert(1)</script>" in words for words in read.words)
    # A name of 3,000 letters is cut where it is a heading.
    assert max(map(len, re.findall(r"<summary>(.*?)</summary>", html))) < 1200


def test_five_hundred_alerts_stay_a_light_page(tmp_path: Path) -> None:
    reasons = [f"Kontaktgrund mit einem längeren Namen {number}" for number in range(25)]
    html = page(contents(tmp_path, "de", reasons=reasons, many=500))
    read = Reader(html)
    assert read.tags["svg"] >= 500
    assert len(html.encode()) < 8_000_000
    opened = re.findall(r'<details class="incident" id="i\d+" open>', html)
    assert len(opened) == 20
    assert html.count('<details class="incident"') == 500


def test_charts_have_few_points_and_say_what_they_show(tmp_path: Path) -> None:
    html = page(contents(tmp_path, "en", reasons=["voucher"], many=1))
    (wide,) = re.findall(r'viewBox="0 0 (\d+) 200" preserve', html)
    assert int(wide) <= 10 * (MOST_POINTS + 1)
    (title,) = re.findall(r'<title id="t0">(.*?)</title>', html)
    assert title.startswith("voucher: tickets per 10 min from 16 Jun 2026,")
    (told,) = re.findall(r'<desc id="d0">(.*?)</desc>', html)
    assert "The spike began at 16 Jun 2026" in told
    assert 'aria-labelledby="t0 d0"' in html


def test_a_past_without_alerts_without_weeks_and_of_minutes_is_a_page_too(tmp_path: Path) -> None:
    quiet = Reader(page(contents(tmp_path, "en", reasons=["a"], many=0)))
    assert any("would not have raised a single alert" in words for words in quiet.words)
    assert "There is nothing to show: nothing would have alerted." in quiet.words
    short = contents(tmp_path, "de", reasons=["a"], many=0, watched=FIRST, until=FIRST + 90, others={})
    assert any("In 1,5 Stunden" in words for words in Reader(page(short)).words)
    learnt = contents(tmp_path, "de", reasons=["a"], many=0, watched=FIRST + 35 * 1440)
    assert Reader(page(learnt)).words


def test_an_incident_that_was_held_back_is_counted_and_said_to_be(tmp_path: Path) -> None:
    sent = contents(tmp_path, "en", reasons=["a"], many=3)
    silent = [told._replace(messages=[]) for told in sent.told[:1]]
    held = contents(tmp_path, "en", reasons=["a"], many=3, told=[*silent, *sent.told[1:]])
    words = " ".join(Reader(page(held)).words)
    assert "raised 2 alerts" in words
    assert "Seen but not sent, because fewer than 3 different customers wrote: 1." in words
