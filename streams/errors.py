"""Failures that a person can mend: one sentence with what to do, no traceback."""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding JSON from outside may raise: also for bytes that are no UTF-8, and for a thousand brackets."""


class Failure(Exception):
    """The command failed (exit status 1); the message is one sentence with the remedy."""


class PassingFailure(Failure):
    """A failure that passes without anybody's help, such as a broker that is just gone: who may wait tries again."""
