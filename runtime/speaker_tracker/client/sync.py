"""The client for programs without asyncio."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from speaker_tracker.client.errors import SessionOver
from speaker_tracker.client.events import Report, TrackerEvent
from speaker_tracker.client.outbox import Gap
from speaker_tracker.client.pcm import Audio
from speaker_tracker.client.source import Pace, Source, frames
from speaker_tracker.client.tracker_client import TrackerClient

T = TypeVar("T")
P = ParamSpec("P")


def _with_parameters_of(twin: Callable[P, object]) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, P], None]]:
    """Gives a method the parameters of ``twin``'s constructor, for type checkers, editors and ``help``."""
    return wraps(twin.__init__, assigned=())


class TrackerClientSync:
    """``TrackerClient`` with the same methods as blocking calls; see there for what they do and raise.

    ``with TrackerClientSync(...) as client``, then ``client.send`` and ``client.stop``, and ``for event in client``. It may be used
    from several threads at once, such as one that sends and one that reads. It runs an event loop in a thread of its own.
    """

    @_with_parameters_of(TrackerClient)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._client = TrackerClient(*args, **kwargs)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def __enter__(self) -> Self:
        if self._loop is not None:
            raise RuntimeError("a client is entered once; make another for another conversation")
        started: Future[asyncio.AbstractEventLoop] = Future()
        # A daemon, so that a program that does not close its client can end.
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(started),), name="speaker-tracker-client", daemon=True)
        self._thread.start()
        self._loop = started.result()
        try:
            self._wait_for(self._client.__aenter__())
        except BaseException:
            self._end_loop()
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._wait_for(self._client.__aexit__(exc_type, exc_value, traceback))
        finally:
            self._end_loop()

    def send(self, audio: Audio) -> None:
        """Sends audio; waits while the server does not keep up, and while the buffer for the next server is full."""
        self._wait_for(self._client.send(audio))

    def gap(self, ms: int) -> None:
        """Says that no audio was recorded for ``ms`` milliseconds (1 to a day); what is sent next is later by that."""
        self._wait_for(self._client.gap(ms))

    def keepalive(self) -> None:
        """Keeps a session open in which nothing is sent."""
        self._wait_for(self._client.keepalive())

    def stop(self) -> Report:
        """Ends the audio and returns the report."""
        return self._wait_for(self._client.stop())

    def stream(self, source: Source, *, realtime: bool = False) -> Report:
        """Sends all of ``source``, which may block, and stops; returns the report."""
        pace = Pace(time.monotonic())
        with suppress(SessionOver):
            for frame in frames(source, realtime=realtime):
                if realtime:
                    time.sleep(pace.delay(frame, time.monotonic()))
                if isinstance(frame, Gap):
                    self.gap(frame.ms)
                else:
                    self.send(frame)
        return self.stop()

    def stream_in_background(self, source: Source, *, realtime: bool = False) -> None:
        """Does what ``stream`` does in another thread while events are read; its errors are raised to the reader of events.

        If ``source`` blocks when the client is closed, the thread ends with its next item, or with the program.
        """
        threading.Thread(target=self._stream_or_fail, args=(source, realtime), name="speaker-tracker-source", daemon=True).start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> TrackerEvent:
        """Waits for the next event; the ``Report`` is the last."""
        try:
            return self._wait_for(self._client.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def report_so_far(self) -> Report:
        """The report on what is known by now, also after a failure and after closing."""

        async def ask() -> Report:
            return self._client.report_so_far()

        return self._client.report_so_far() if self._loop is None or self._loop.is_closed() else self._wait_for(ask())

    def fail(self, error: Exception) -> None:
        """Ends the session; all waiting calls raise ``error``, unless it was over already."""
        self._open_loop().call_soon_threadsafe(self._client.fail, error)

    # -- the thread behind it ------------------------------------------------------------------------------------------------------

    async def _run(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        started.set_result(asyncio.get_running_loop())
        await self._ending.wait()

    def _end_loop(self) -> None:
        with suppress(RuntimeError):  # it has ended already
            self._open_loop().call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def _open_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._loop.is_closed():
            raise SessionOver("the client is not open; enter it, or make another for more audio")
        return self._loop

    def _wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._open_loop())
        except BaseException:
            coroutine.close()
            raise
        try:
            return future.result()
        except BaseException:  # such as Ctrl-C while waiting
            future.cancel()
            raise

    def _stream_or_fail(self, source: Source, realtime: bool) -> None:
        try:
            self.stream(source, realtime=realtime)
        except Exception as error:  # raised to the reader of events
            with suppress(SessionOver, RuntimeError):
                self.fail(error)
