"""A calendar on the web becomes campaigns on Kafka, and follows through what changes in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from asked_site import Site

from alerts.records import Campaign
from streams.compacted import read_compacted
from streams.metrics import Metrics
from streams.publish import publisher
from streams.settings import Settings
from streams.sources.campaign_pull import CampaignPull
from streams.sources.pulled import Asked, Pulled

HEAD = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n"


def calendar(**names: str) -> str:
    """A calendar with a day's event for each UID, named as told."""
    events = "".join(
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTART;VALUE=DATE:20261120\nSUMMARY:{name}\n"
        "ATTENDEE;CN=Erika Mustermann:mailto:erika@example.org\nEND:VEVENT\n"
        for uid, name in names.items()
    )
    return f"{HEAD}{events}END:VCALENDAR\n"


@asynccontextmanager
async def pulling(settings: Settings, site: Site) -> AsyncIterator[CampaignPull]:
    """The service after its first turn."""
    asked = Asked(name="marketing", table=Pulled(pull="ical", url=f"{site.url}/private-4711.ics"))
    pull = CampaignPull(settings, Metrics(), {"marketing": asked})
    await pull.start()
    try:
        assert await until(lambda: pull.said["marketing"] != "not asked yet")
        yield pull
    finally:
        await pull.stop()


async def until(claim: Callable[[], bool]) -> bool:
    for _ in range(150):
        if claim():
            return True
        await asyncio.sleep(0.1)
    return claim()


async def held(settings: Settings) -> dict[str, str]:
    """The names of all campaigns by id."""
    rows = await asyncio.to_thread(read_compacted, settings, "campaigns")
    return {name: msgspec.json.decode(value, type=Campaign).name for name, value in rows.items()}


async def turn(pull: CampaignPull) -> None:
    """A turn, and wait until the service has read what it wrote."""
    before = dict(pull._rows.rows)
    await pull.turn("marketing")
    await until(lambda: pull._rows.rows != before or "stay" in pull.said["marketing"])


def put(settings: Settings, name: str, value: bytes | None) -> None:
    with publisher(settings, "campaigns") as outlet:
        outlet.send(name, value)
        outlet.flush()


async def test_what_changes_in_a_calendar_follows_through_and_a_person_s_correction_wins(
    settings: Settings,
) -> None:
    async with Site() as site:
        site.says(calendar(a="Sale", b="TV", c="Mail"))
        async with pulling(settings, site) as pull:
            assert await held(settings) == {"a": "Sale", "b": "TV", "c": "Mail"}
            site.says(calendar(a="Summer sale", c="Mail"))
            await turn(pull)
            assert await held(settings) == {"a": "Summer sale", "c": "Mail"}
            mine = msgspec.structs.replace(
                msgspec.json.decode(read_value(pull, "a"), type=Campaign), name="Sale, as it really is"
            )
            await asyncio.to_thread(put, settings, "a", msgspec.json.encode(mine))
            assert await until(lambda: b"really" in read_value(pull, "a"))
            site.says(calendar(a="Winter sale", d="New"))
            await turn(pull)
            assert await held(settings) == {"a": "Sale, as it really is", "d": "New"}
            assert pull.said["marketing"] == (
                "2 campaigns, 1 of them written by somebody else and left alone"
            )
        # A start later, with nothing stored but the topic, what it wrote is still known as its own.
        site.says(calendar(d="New"))
        async with pulling(settings, site) as pull:
            site.says(calendar(e="Other"))
            await turn(pull)
            assert await held(settings) == {"a": "Sale, as it really is", "e": "Other"}


def read_value(pull: CampaignPull, name: str) -> bytes:
    return pull._rows.rows[name.encode()]


async def test_a_calendar_that_vanishes_withdraws_nothing_and_it_is_told_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Site() as site:
        site.says(calendar(a="Sale", b="TV"))
        async with pulling(settings, site) as pull:
            for text, status in (
                ("", 404),
                ("", 410),
                ("<html>", 200),
                (f"{HEAD}END:VCALENDAR\n", 200),
                ("", 200),
            ):
                site.says(text, status)
                await pull.turn("marketing")
                await pull.turn("marketing")
                assert "stay" in pull.said["marketing"]
            assert await held(settings) == {"a": "Sale", "b": "TV"}
            lines = capsys.readouterr().out.splitlines()
            assert len([line for line in lines if "answers 404" in line]) == 1, lines
            assert len([line for line in lines if "holds nothing any more" in line]) == 1, lines
            assert "4711" not in "".join(lines)
            site.says(calendar(a="Sale"))
            await turn(pull)
            assert await held(settings) == {"a": "Sale"}


async def test_nothing_but_the_conventions_of_an_event_reaches_kafka(settings: Settings) -> None:
    said = r"Call Erika Mustermann\, 0171 1234567\nVoucher: SOMMER25\nHer mail: erika@example.org"
    async with Site() as site:
        site.says(calendar(a="Sale").replace("SUMMARY", f"DESCRIPTION:{said}\nSUMMARY"))
        async with pulling(settings, site):
            rows = await asyncio.to_thread(read_compacted, settings, "campaigns")
            assert json.loads(rows["a"]) == {
                "id": "a", "name": "Sale", "kind": "voucher", "voucher_codes": ["SOMMER25"], "expected_uplift": 1.0,
                "starts_at": "2026-11-19T23:00:00Z", "ends_at": "2026-11-20T23:00:00Z",
            }  # fmt: skip
