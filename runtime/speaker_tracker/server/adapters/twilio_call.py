"""One Twilio media stream as a state machine without I/O: its frames go in, frames for sessions come out."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.audio.pcm import encode_pcm
from speaker_tracker.audio.telephone import LineDecoder
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import ErrorCode, GapCommand, KeepAliveCommand, StopCommand
from speaker_tracker.server.adapters import twilio_messages as messages
from speaker_tracker.server.adapters.track_mixer import TrackMixer
from speaker_tracker.server.adapters.track_order import Chunk, TrackOrder


@dataclass(frozen=True, slots=True)
class Delivery:
    """A frame for the session of that name, as a client of the protocol would send it."""

    session: str
    frame: str | bytes


class _Track:
    def __init__(self, line: LineDecoder) -> None:
        self.order = TrackOrder()
        self.line = line


class TwilioCall:
    """A stream from its first frame to its last. ``keepalive_seconds``: time after which silent sessions are kept open.

    ``started``: content of its ``start``, None before. ``stopped``: whether it has ended.
    """

    def __init__(self, keepalive_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.started: messages.Started | None = None
        self.stopped = False
        self._keepalive_seconds = keepalive_seconds
        self._clock = clock
        self._tracks: dict[str, _Track] = {}
        self._mixer: TrackMixer | None = None
        self._delivered: dict[str, float] = {}

    @property
    def dropped(self) -> int:
        """Chunks that came too late, or twice."""
        return sum(track.order.dropped for track in self._tracks.values())

    def receive(self, frame: str | bytes) -> list[Delivery]:
        """The deliveries that a frame leads to. Raises ``BadInput`` for what is no stream's."""
        value = messages.parsed(frame)
        event = value["event"]
        if self.stopped:
            return []
        if self.started is None:
            return self._begin(value)
        if event == "start":
            raise BadInput(ErrorCode.ALREADY_STARTED, "the stream has started already; a connection is for one stream")
        if event == "media":
            return self._hear(messages.media(value))
        return self.stop() if event == "stop" else []  # what is left is dtmf, mark, and what a later version may have

    def stop(self) -> list[Delivery]:
        """The deliveries by which all sessions end; none if there are no sessions, or they have been told."""
        if self.started is None or self.stopped:
            return []
        self.stopped = True
        deliveries: list[Delivery] = []
        for name, track in self._tracks.items():
            for each in track.order.rest():
                deliveries += self._placed(name, each)
            deliveries += self._heard(name, encode_pcm(track.line.rest())) if self._mixer is None else []
        if self._mixer is not None:
            deliveries += [self._delivery(messages.MIXED, each) for each in self._mixer.rest()]
        return [*deliveries, *(Delivery(name, StopCommand().model_dump_json()) for name in self.started.sessions)]

    def _begin(self, value: dict[str, object]) -> list[Delivery]:
        if value["event"] == "connected":
            return []
        if value["event"] != "start":
            raise BadInput(ErrorCode.NOT_STARTED, f'a stream begins with "connected" and "start"; {messages.WRONG_PATH}')
        started = messages.started(value)
        self._tracks = {name: _Track(LineDecoder(started.encoding)) for name in dict.fromkeys(started.tracks)}
        self._mixer = TrackMixer(self._tracks) if started.customParameters.tracks == "mixed" else None
        self.started = started
        command = started.command.model_dump_json(exclude_none=True)
        self._delivered = dict.fromkeys(started.sessions, self._clock())
        return [Delivery(name, command) for name in started.sessions]

    def _hear(self, media: messages.Media) -> list[Delivery]:
        name = media.track or next(iter(self._tracks))
        track = self._tracks.get(name)
        if track is None:
            raise BadInput(ErrorCode.INVALID_MESSAGE, f'"media" has the track {name!r}, and "start" had {", ".join(self._tracks)}')
        try:
            payload = base64.b64decode(media.payload, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadInput(ErrorCode.INVALID_MESSAGE, 'the payload of a "media" is not base64') from error
        deliveries: list[Delivery] = []
        for each in track.order.add(Chunk(media.chunk, media.timestamp, payload)):
            deliveries += self._placed(name, each)
        return [*deliveries, *self._kept_open()]

    def _placed(self, name: str, each: bytes | int) -> list[Delivery]:
        """Deliveries for a piece of a track, or for a gap (ms) in it."""
        line = self._tracks[name].line
        samples = line.rest() if isinstance(each, int) else line.decode(each)
        if self._mixer is None:
            gap = [self._delivery(name, each)] if isinstance(each, int) else []
            return [*self._heard(name, encode_pcm(samples)), *gap]
        mixed = self._mixer.add(name, samples)
        mixed += self._mixer.skip(name, each) if isinstance(each, int) else []
        return [self._delivery(messages.MIXED, one) for one in mixed]

    def _heard(self, name: str, pcm: bytes) -> list[Delivery]:
        return [self._delivery(name, pcm)] if pcm else []

    def _delivery(self, name: str, each: bytes | int) -> Delivery:
        self._delivered[name] = self._clock()
        return Delivery(name, GapCommand(ms=each).model_dump_json() if isinstance(each, int) else each)

    def _kept_open(self) -> list[Delivery]:
        """Keeps sessions open whose track is silent while another one is not."""
        now = self._clock()
        silent = [name for name, last in self._delivered.items() if now - last > self._keepalive_seconds]
        self._delivered.update(dict.fromkeys(silent, now))
        return [Delivery(name, KeepAliveCommand().model_dump_json()) for name in silent]
