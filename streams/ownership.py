"""A worker's own data directory: locked, and the place of its lasting name.

Two workers on one directory would carry one name, and Kafka would fence each in turn.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import uuid
from pathlib import Path
from typing import Any

from streams.errors import Failure

_NAME = re.compile(r"[\w.-]{1,200}", re.ASCII)
"""What a power failure left of a name is none: NULs, or bytes of another file."""


@contextlib.contextmanager
def owned(directory: Path) -> Any:
    """Lock the data directory for this worker and yield its lasting instance id.

    Raises:
        Failure: another worker holds it, or it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failure(
            f"The data directory {directory} cannot be written ({error.strerror}); set TICKETSPIKE_DATA_DIR."
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure(
                f"Another worker runs on the data directory {directory}; give each its own TICKETSPIKE_DATA_DIR."
            ) from None
        try:
            name = _name(directory)
        except OSError as error:
            raise Failure(
                f"The data directory {directory} cannot be used ({error.strerror}); "
                "make room, mend its rights, or set TICKETSPIKE_DATA_DIR to another folder."
            ) from None
        yield name
    finally:
        os.close(handle)


def _name(directory: Path) -> str:
    """The name that stands there, or a new one.

    Written beside it first: on a full disk, or when killed, an empty name would be left, which all such workers share.
    """
    path = directory / "instance-id"
    with contextlib.suppress(FileNotFoundError):
        held = path.read_text(encoding="utf-8", errors="replace").strip()
        if _NAME.fullmatch(held):
            return held
    name = f"ticketspike-{uuid.uuid4().hex[:12]}"
    fresh = directory / "instance-id.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(f"{name}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return name
