"""Starts workers that are ready soon: everything is loaded once, each worker is a fork that runs the command.

A worker is killed some hundred times here, and loading the libraries takes most of a life. Each line on stdin,
a JSON object with `log` (the file it writes to), `environment` (on top of ours) and `arguments`, starts a worker
and is answered with `started PID`; `ended PID STATUS` comes when it ends. Named modules are loaded beforehand.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import Any

# What a worker that only notifies loads.
from streams.cli import run


def main() -> None:
    """Serve until stdin ends."""
    for module in sys.argv[1:]:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, _reap)
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            _worker(**json.loads(line))
        _say(f"started {pid}")


def _worker(log: str, environment: dict[str, str], arguments: list[str]) -> None:
    os.environ.update(environment)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output, nothing = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    status = run(["worker", *arguments])
    sys.stdout.flush()
    os._exit(status)


def _reap(*_: Any) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    main()
