"""Commands in a process of their own: our own code, whatever lies about; gone when they are no longer waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams import apart
from streams.digests import facts_apart
from streams.errors import Failure
from streams.explain_apart import explained

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


async def explanation(seconds: float = 60.0) -> str | None:
    return await explained("voucher", AT, seconds=seconds)


async def facts(seconds: float = 60.0) -> str | None:
    with pytest.raises(Failure) as failed:
        await facts_apart(seconds)
    return str(failed.value)


both = pytest.mark.parametrize("run", [explanation, facts])


@both
async def test_a_module_of_our_name_in_the_working_directory_is_left_alone(
    run: Callable[[], Awaitable[str | None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alerts", "streams", "json"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('a stray file')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TICKETSPIKE_PARTITIONS", "none")
    said = await run()
    assert said is not None
    assert "TICKETSPIKE_PARTITIONS='none' is not allowed" in said


@both
async def test_a_process_that_hangs_is_ended_and_gone(
    run: Callable[[float], Awaitable[str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    async def start(*_: str, **pipes: int) -> asyncio.subprocess.Process:
        started.append(await begin("sleep", "600", **pipes))
        return started[0]

    begin = asyncio.create_subprocess_exec
    monkeypatch.setattr(apart.asyncio, "create_subprocess_exec", start)
    assert await run(0.2) in (None, "Reading the topics took longer than 0 s.")
    assert [one.returncode for one in started] == [-9]


@both
async def test_where_no_process_can_be_started_there_is_no_answer(
    run: Callable[[], Awaitable[str | None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart.sys, "executable", str(tmp_path / "python"))
    assert await run() in (None, "No process can be started (No such file or directory).")
