"""What the guides tell people to paste is what ticketspike takes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from streams.sources.source_files import listened_to, presets, read_pulled_sources

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = sorted((DOCS / "sources").glob("*.md"))
PAGES = [*GUIDES, DOCS / "sources.md", DOCS / "campaigns.md"]
GOOGLE = '{"client_id": "i", "client_secret": "s", "refresh_token": "r"}'
SECRETS = {"GOOGLE_CREDENTIALS": GOOGLE, "MAILCHIMP_KEY": "key-us6"}
HELP = '[help]\npreset = "zendesk"\nsecrets = ["X"]\n'


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_of_sources_in_the_docs_is_taken_as_it_stands(page: Path, tmp_path: Path) -> None:
    assert blocks(page)
    named = set(re.findall(r'"([A-Z_]{3,})"', page.read_text(encoding="utf-8")))
    environment = {key: SECRETS.get(key, "https://secret") for key in named | {"X"}}
    for text in blocks(page):
        whole = text if "[help]" in text or 'of = "help"' not in text else HELP + text
        (tmp_path / "sources.toml").write_text(whole)
        names = set(listened_to(tmp_path / "sources.toml", environment))
        names |= set(read_pulled_sources(tmp_path / "sources.toml", environment))
        assert names >= set(tomllib.loads(text))


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_every_guide_says_what_to_paste_how_to_see_that_it_works_and_how_to_change_the_secret(
    page: Path,
) -> None:
    text = page.read_text(encoding="utf-8")
    assert "ticketspike worker" in text
    assert "/readyz" in text
    assert "## 4. Change the secret" in text
    assert "## Mind" in text
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (page.parent / target).is_file(), target


def test_the_page_of_sources_leads_to_every_guide_and_names_every_preset() -> None:
    text = (DOCS / "sources.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(sources/([\w-]+)\.md\)", text)) == {page.stem for page in GUIDES}
    for name in presets():
        assert f"`{name}`" in text, name
