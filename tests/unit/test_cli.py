"""However a command ends, its status is right, and where it failed a sentence on stderr says so."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import click
import pytest

from streams import cli
from streams.errors import Failure

Ending = Callable[[BaseException], int]


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Ending:
    """Run a command that ends with this."""

    def run(how: BaseException) -> int:
        @click.command()
        def command() -> None:
            raise how

        module = ModuleType("streams.commands.ends")
        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(cli.COMMANDS, "ends", "Ends.")
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, getattr(sys, name))  # click puts others there, for good
        return cli.run(["ends"])

    return run


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        (SystemExit(1), 1, "something inside ended the command (status 1)"),
        (SystemExit("no way"), 1, "something inside ended the command (no way)"),
        (BrokenPipeError(32, "Broken pipe"), 1, "BrokenPipeError: [Errno 32] Broken pipe. This is a bug"),
        (asyncio.CancelledError(), 1, "CancelledError"),
        (ValueError("seven"), 1, "ValueError: seven. This is a bug"),
        (Failure("The disk is full; make room."), 1, "Error: The disk is full; make room."),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_command_that_fails_says_why_in_one_line(
    ending: Ending, capsys: pytest.CaptureFixture[str], how: BaseException, status: int, said: str
) -> None:
    assert ending(how) == status
    lines = capsys.readouterr().err.split("\n")
    assert [line for line in lines if said in line]
    assert "Traceback" not in "".join(lines)


@pytest.mark.parametrize("how", [SystemExit(0), SystemExit(None), click.exceptions.Exit(0)])
def test_a_command_that_leaves_with_success_says_nothing(
    ending: Ending, capsys: pytest.CaptureFixture[str], how: BaseException
) -> None:
    assert ending(how) == 0
    assert capsys.readouterr().err == ""


def test_whoever_has_read_enough_of_a_listing_makes_no_failure_of_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from streams.cli import main; main()", "--help"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
