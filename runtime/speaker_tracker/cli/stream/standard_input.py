"""Raw PCM from standard input, written by another program: ``ffmpeg ... | speaker-tracker stream -``."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import click

from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, header_kind
from speaker_tracker.cli.stream.source import AudioSource, stall_gap
from speaker_tracker.client import Gap
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import BYTES_PER_SECOND, PCM_FORMAT

SAMPLE_BYTES = 2
READ_BYTES = 6400
"""At most 200 ms are read at a time, less if less is available."""
HEAD_BYTES = 12
"""Nothing is sent before so much is there: as much as most headers need to be known."""
HELD_CHUNKS = 50
HOW = "ffmpeg -i FILE -f s16le -ar 16000 -ac 1 - | speaker-tracker stream -"


class StandardInputError(UserError):
    """The data on standard input is not raw PCM."""


class StandardInput(AudioSource):
    """PCM from standard input, sent as it arrives. Raises ``click.UsageError`` if standard input is a terminal or closed.

    ``gap_on_stall``: whether a time in which nothing arrives becomes a gap, so that times stay on the wall clock.
    """

    path = Path("standard-input")

    def __init__(self, *, gap_on_stall: bool = False) -> None:
        self._gap_on_stall = gap_on_stall
        self._waited = 0.0
        if sys.stdin is None or sys.stdin.closed:
            raise click.UsageError(f"standard input is closed; pipe {PCM_FORMAT} into it: {HOW}")
        if sys.stdin.isatty():
            raise click.UsageError(f"standard input is a terminal; pipe {PCM_FORMAT} into it: {HOW}")
        self._descriptor = sys.stdin.fileno()
        self._room = threading.Semaphore(HELD_CHUNKS)
        self._chunks: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._odd = self._stopped = False

    @property
    def label(self) -> str:
        """Its name in words rather than as a hyphen."""
        return "standard input"

    @property
    def notes(self) -> list[str]:
        """A note if it ended in the middle of a sample."""
        return ["standard input ended in the middle of a sample; its last byte was left out"] if self._odd else []

    async def frames(self) -> AsyncIterator[bytes | Gap]:
        """The audio. Raises ``StandardInputError`` for files with a header and for empty input."""
        # A daemon thread rather than a pool's: while it waits for input, it must not keep the command from ending.
        threading.Thread(target=self._read, args=[asyncio.get_running_loop()], daemon=True).start()
        held = head = b""
        begun = False
        while chunk := await self._next():
            held += chunk
            if len(head) < SIGNATURE_BYTES:
                head += chunk[: SIGNATURE_BYTES - len(head)]
                if len(head) < HEAD_BYTES:
                    continue
                self._check_begin(head)
            if begun and self._gap_on_stall and (gap := stall_gap(self._waited, len(chunk) / BYTES_PER_SECOND)) is not None:
                yield gap
            begun = True
            whole = len(held) - len(held) % SAMPLE_BYTES
            yield held[:whole]
            held = held[whole:]
        if held or not self._stopped:
            self._check_begin(head)
        if len(held) >= SAMPLE_BYTES:
            yield held[: len(held) - len(held) % SAMPLE_BYTES]
        self._odd = len(held) % SAMPLE_BYTES == 1 and not self._stopped

    def stop(self) -> None:
        """Ends ``frames`` after what has been read so far."""
        self._stopped = True
        self._chunks.put_nowait(b"")

    async def _next(self) -> bytes:
        asked_at = asyncio.get_running_loop().time()
        chunk = await self._chunks.get()
        self._waited = asyncio.get_running_loop().time() - asked_at
        self._room.release()
        if isinstance(chunk, OSError):
            raise StandardInputError(f"standard input cannot be read: {chunk.strerror}") from chunk
        return chunk

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        chunk: bytes | OSError = b"unread"
        while chunk and not isinstance(chunk, OSError):
            self._room.acquire()
            try:
                chunk = os.read(self._descriptor, READ_BYTES)
            except OSError as error:
                chunk = error
            try:
                loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
            except RuntimeError:  # the loop is closed, and nobody waits
                return

    def _check_begin(self, head: bytes) -> None:
        if not head:
            raise StandardInputError(f"nothing came on standard input; pipe {PCM_FORMAT} into it: {HOW}")
        kind = header_kind(head)
        if kind is not None:
            raise StandardInputError(f"standard input is {kind}, and must be {PCM_FORMAT}; convert it: {HOW}")
