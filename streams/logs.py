"""Structured logs on stderr: one line per decision, key=value for people and JSON for machines."""

from __future__ import annotations

import logging
import os
import sys

import structlog

QUIET = ("aiokafka", "faust", "mode", "kafka", "slack_sdk", "aiohttp")


def configure() -> None:
    """Set up logging for a long-running command; `TICKETSPIKE_LOG=json` gives a JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = os.environ.get("TICKETSPIKE_LOG") == "json"
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.filter_by_level, structlog.stdlib.add_logger_name, renderer],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    for name in QUIET:
        # Their news of every join and every missed heartbeat would bury our one line per decision.
        logging.getLogger(name).setLevel(logging.ERROR)
