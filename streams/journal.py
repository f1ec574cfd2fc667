"""What this worker read of a partition, on its own disk: read again after a crash, instead of the log.

Reading five million tickets from Kafka again takes a minute, their pages (:mod:`streams.pages`) seconds. The log
stays the truth: what is missing here, torn, or of another time is left out, and the log is read from there.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import structlog

from streams.pages import Page

_FRAME = struct.Struct("<II")
"""Length and CRC-32 of what follows."""
_NAME = "{:020d}.pages"

log = structlog.get_logger("count")


class Journal:
    """The journal of one partition: a file per hour of the log, named by the hour's first offset.

    Written after Kafka has the commit that covers a page, so that what is recalled was stated. Nothing is forced onto
    the disk: a killed process loses nothing of it, a killed machine the last pages, and then the log has them.

    Args:
        folder: its own; made when something is written.
        made_by: whatever the pages depend on besides the log (settings, versions); those of another maker are void.

    >>> import tempfile
    >>> from streams.pages import Standing
    >>> page = Page(0, 3, 9, True, Standing(None, 0.0, None, 0.0), [], [], [], [], [], [])
    >>> journal = Journal(Path(tempfile.mkdtemp()) / "tickets-0", "v1")
    >>> journal.write([page])
    >>> [one.end for one in journal.read(0, 3)], list(Journal(journal.folder, "v2").read(0, 3))
    ([3], [])
    """

    def __init__(self, folder: Path, made_by: str) -> None:
        self.folder = folder
        self._made_by = made_by.encode()
        self._file: Path | None = None
        self._end = -1
        """Behind the last page written; -1 before the first."""

    def write(self, pages: Iterable[Page]) -> None:
        """Add pages; those that do not join the last one wait for the next hour.

        Trouble with the disk is told and costs nothing but the time of reading the log after a crash.
        """
        try:
            for page in pages:
                self._add(page)
        except OSError as error:
            log.warning("the journal cannot be written; after a crash the log is read", error=str(error))
            self._file, self._end = None, -1

    def read(self, window: int, committed: int) -> Iterator[Page]:
        """The pages from the offset `window` on, as far as they are whole, joined and below `committed`.

        What lies behind them is cut off, what lies before is deleted: the next page written joins the last one read.
        Raises OSError where the disk refuses; the pages before hold, and those written next join them or wait for the
        next hour.
        """
        self._file, self._end = None, -1
        files = self._files()
        for begin in [begin for begin in files if begin < window]:
            files.pop(begin).unlink(missing_ok=True)
        at = window
        for begin in sorted(files):
            file = files[begin]
            if begin != at or at >= committed:
                file.unlink(missing_ok=True)
                continue
            kept = 0
            content = file.read_bytes()
            for place, page in self._whole(content):
                if page.begin != at or page.end > committed:
                    break
                yield page
                at, kept = page.end, place
            if kept:
                os.truncate(file, kept)
                self._file, self._end = file, at
            else:
                file.unlink(missing_ok=True)

    def let_go(self, window: int) -> None:
        """Delete the hours before the one that begins at `window`: nobody reads them any more."""
        try:
            for begin, file in self._files().items():
                if begin < window:
                    file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("old hours of the journal cannot be deleted; they are tried again", error=str(error))

    def _add(self, page: Page) -> None:
        if page.opens:
            if page.begin != self._end:
                for file in self._files().values():
                    file.unlink(missing_ok=True)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self.folder / _NAME.format(page.begin)
            self._append(self._made_by, "wb")
        elif self._file is None or page.begin != self._end:
            self._file = None
            return
        self._append(msgspec.msgpack.encode(page), "ab")
        self._end = page.end

    def _append(self, content: bytes, mode: str) -> None:
        assert self._file is not None  # noqa: S101 - callers have opened one
        with self._file.open(mode) as file:
            file.write(_FRAME.pack(len(content), zlib.crc32(content)) + content)

    def _whole(self, content: bytes) -> Iterator[tuple[int, Page]]:
        """The pages of a file with the place behind each, up to the first that is torn."""
        decode = msgspec.msgpack.Decoder(Page).decode
        place, first = 0, True
        while place + _FRAME.size <= len(content):
            length, crc = _FRAME.unpack_from(content, place)
            body = content[place + _FRAME.size : place + _FRAME.size + length]
            if len(body) < length or zlib.crc32(body) != crc or (first and body != self._made_by):
                return
            place += _FRAME.size + length
            if not first:
                try:
                    page = decode(body)
                except msgspec.DecodeError:
                    return
                yield place, page
            first = False

    def _files(self) -> dict[int, Path]:
        return {
            int(file.name.split(".")[0]): file
            for file in self.folder.glob("*.pages")
            if file.name.split(".")[0].isdigit()
        }
