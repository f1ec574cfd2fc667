"""Failures that a person can mend: one sentence with what to do, no traceback."""

from __future__ import annotations


class Failure(Exception):
    """The command failed (exit status 1); the message is one sentence with the remedy."""


class PassingFailure(Failure):
    """A failure that passes without anybody's help, such as a broker that is just gone: who may wait tries again."""
