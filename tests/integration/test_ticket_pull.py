"""An export's tickets stand on Kafka as those of the webhooks' source, and a limit or an outage loses none."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from asked_site import Site

from streams.metrics import Metrics
from streams.settings import Settings, SettingsError
from streams.sources.pulled import Asked, Pulled
from streams.sources.receiver import Receiver
from streams.sources.source_files import listened_to
from streams.sources.ticket_pull import TicketPull
from streams.to_end import read_to_end

AT = datetime.now(UTC).replace(microsecond=0).isoformat()


def ticket(number: int) -> dict[str, Any]:
    said = {
        "tags": ["voucher_bad"],
        "subject": "Erika Mustermann",
        "description": "Mein Gutschein geht nicht",
    }
    return {"id": number, "created_at": AT, "updated_at": AT, "requester_id": number, "status": "new", **said}


def asked(site: Site, **more: Any) -> dict[str, Asked]:
    table = Pulled(pull="zendesk-export", url=site.url, of="help", secrets=["KEY"], **more)
    return {"help-export": Asked(name="help-export", table=table, secret="mail/token:KEY")}  # noqa: S106


async def test_pages_are_stored_one_after_the_other_and_a_limit_is_waited_for(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text('[help]\npreset = "zendesk"\nsecrets = ["HELP"]\n')
    limited = True

    def answer(request: web.Request, _: bytes) -> web.Response:
        page = int(request.query.get("cursor", "0"))
        if page == 1 and limited:
            return web.Response(status=429, headers={"Retry-After": "3600"})
        found = {"tickets": [ticket(page * 2), ticket(page * 2 + 1)], "after_cursor": str(min(page + 1, 2))}
        return web.json_response(found | {"end_of_stream": page == 2})

    async with Site(answer) as site:
        receiver = Receiver(settings, Metrics(), listened_to(tmp_path / "sources.toml", {"HELP": "s"}))
        pull = TicketPull(receiver, Metrics(), asked(site))
        await receiver.start()
        await pull.start()
        try:
            for _ in range(150):
                if pull.said["help-export"] != "not asked yet":
                    break
                await asyncio.sleep(0.1)
            assert pull.said["help-export"] == "it answers 429"
            assert await pull.turn("help-export") == 3600
            limited = False
            assert await pull.turn("help-export") is None
            assert pull.said["help-export"] == "4 records of tickets, all there is"
        finally:
            await pull.stop()
            await receiver.stop()
    values = [
        record.value for record in await asyncio.to_thread(lambda: list(read_to_end(settings, "tickets")))
    ]
    found = [json.loads(value) for value in values]
    assert sorted(one["id"] for one in found) == ["0", "1", "2", "3", "4", "5"]
    assert {(one["source"], one["contact_reason"]) for one in found} == {("help", "voucher_bad")}
    assert b"Erika" not in b"".join(values)


async def test_an_export_that_goes_back_further_than_ids_are_remembered_is_refused(
    settings: Settings,
) -> None:
    site = Site()
    site.url = "https://company.zendesk.com"
    with pytest.raises(SettingsError, match="back_hours=48 is not allowed; allowed: less than"):
        TicketPull(Receiver(settings, Metrics(), {}), Metrics(), asked(site, back_hours=48))
