"""Measures what known voices cost: the time that a server takes to begin a session with them, and the CPU time of the session.

    python scripts/known_voices_cost.py [--manifest FILE] [--uri NAME ...] [--voices N ...] [--starts N] [--runs N]

Runs a real server and opens sessions over a socket, some with as many known voices as the largest N, in turns; then tracks the
conversations of a manifest in this process with each number of known voices, in turns. Those who speak are among them; the others
are made up, as far from each other as voices of people are. `assigner`: the part of the CPU time in which speakers are found and
named.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.chain import Chain
from speaker_tracker.evaluation.manifest import Conversation, read_manifest, select
from speaker_tracker.events import SpeakersNamed, VoiceModel
from speaker_tracker.protocol import KnownVoice, StartCommand, Voiceprint
from speaker_tracker.results.tracking import VoiceRequest, track
from speaker_tracker.settings import load_settings
from support.server_process import ServerProcess

Owned = tuple[Conversation, list[Voiceprint]]
"""A conversation and voiceprints of those who speak in it."""
DATA = Path(__file__).parents[1] / "tests" / "data"
PRINT_SECONDS = 30.0
"""Speech that made-up voiceprints say they are of."""


def own_prints(chain: Chain, model: VoiceModel, conversation: Conversation) -> list[Voiceprint]:
    """Voiceprints of those who speak in a conversation, made of it."""
    asked = VoiceRequest(model, voiceprints=True)
    report = track(chain.open, AudioFile(conversation.audio), conversation.num_speakers, voices=asked).report
    return [speaker.voiceprint for speaker in report.speakers if speaker.voiceprint is not None]


def known_voices(model: VoiceModel, own: Sequence[Voiceprint], count: int) -> tuple[KnownVoice, ...]:
    """``count`` persons: those of ``own`` first, then made-up ones around what all voices have in common."""
    if model.calibration is None:
        sys.exit(f"the voice model {model.name} is not calibrated; run `speaker-tracker models calibrate` first")
    random = np.random.default_rng(0)
    directions = random.standard_normal((count, model.dimension))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    common = np.mean([voiceprint.values for voiceprint in own], axis=0)
    common *= np.sqrt(model.calibration.common_variance) / np.linalg.norm(common)
    places = common + np.sqrt(model.calibration.between_variance) * directions
    made_up = [Voiceprint.of(model.name, model.version, place.tolist(), PRINT_SECONDS) for place in places]
    return tuple(KnownVoice(name=f"person {number}", voiceprint=each) for number, each in enumerate([*own, *made_up][:count]))


def seconds_to_started(url: str, voices: Sequence[KnownVoice]) -> float:
    """Time from sending ``start`` on an open connection to the arrival of ``started``."""
    start = StartCommand(num_speakers=2, known_voices=list(voices) or None).model_dump_json(exclude_none=True)
    with connect(url, compression=None) as connection:
        begin = time.perf_counter()
        connection.send(start)
        answer = json.loads(connection.recv())
        taken = time.perf_counter() - begin
    if answer["event"] != "started":
        sys.exit(f"the server says: {answer}")
    return taken


def print_starts(voices: Sequence[KnownVoice], count: int) -> None:
    """Measures ``count`` starts without and with the voices, in turns, on a server with default settings."""
    server = ServerProcess()
    try:
        seconds_to_started(server.url, voices)
        taken = [[seconds_to_started(server.url, known) for known in ((), voices)] for _ in range(count)]
    finally:
        server.end()
    print(f"ms from start to started, {count} each    median     p95")
    for known, times in zip((0, len(voices)), np.transpose(taken), strict=True):
        median, p95 = (1000 * np.percentile(times, share) for share in (50, 95))
        print(f"{known:>3} known voices                  {median:8.1f}{p95:8.1f}")


def cpu_seconds(chain: Chain, model: VoiceModel, conversation: Conversation, known: tuple[KnownVoice, ...]) -> list[float]:
    """CPU seconds of a session, and of them those of the stages that name its speakers."""
    naming = {stage.name for stage in chain.configured if SpeakersNamed in stage.provided.spec.produces}
    begin = last = time.process_time()
    of_naming = 0.0

    def add(stage: str, _wall_clock: float) -> None:
        nonlocal last, of_naming
        now = time.process_time()
        of_naming += now - last if stage in naming else 0.0
        last = now

    track(
        lambda session: chain.open(session, add),
        AudioFile(conversation.audio),
        conversation.num_speakers,
        voices=VoiceRequest(model, known),
    )
    return [time.process_time() - begin, of_naming]


def print_sessions(chain: Chain, model: VoiceModel, owned: Sequence[Owned], counts: Sequence[int], runs: int) -> None:
    """Measures whole sessions with each number of known voices, in turns."""

    def measured(count: int) -> list[float]:
        return np.sum([cpu_seconds(chain, model, each, known_voices(model, own, count)) for each, own in owned], axis=0).tolist()

    found = np.array([[measured(count) for count in counts] for _ in range(runs)])
    audio = sum(conversation.seconds for conversation, _ in owned)
    print(f"\nCPU ms per second of audio, of {audio:.0f} s   of the first, median (least - most) of {runs}   assigner")
    for number, count in enumerate(counts):
        ratios = (found[:, number, 0] / found[:, 0, 0]).tolist()
        whole, assigner = 1000 * np.median(found[:, number], axis=0) / audio
        ranges = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} - {max(ratios):.3f})"
        print(f"{count:>3} known voices  {whole:8.1f}            {ranges:<42}{assigner:7.2f}")


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifest", type=Path, default=DATA / "manifest.json")
    parser.add_argument("--uri", action="append", default=[], help="only this conversation; may be given several times")
    parser.add_argument("--voices", type=int, nargs="+", default=[0, 10, 50], help="numbers of known voices, the baseline first")
    parser.add_argument("--starts", type=int, default=40, help="sessions that are begun with and without known voices")
    parser.add_argument("--runs", type=int, default=5, help="rounds of whole sessions")
    given = parser.parse_args()
    conversations = select(read_manifest(given.manifest), (), given.uri)
    with closing(build_chain(load_settings())) as chain:
        model = chain.voice_model
        if model is None:
            sys.exit("this chain of stages recognizes no voices; use the default one")
        owned = [(conversation, own_prints(chain, model, conversation)) for conversation in conversations]
        if given.starts:
            print_starts(known_voices(model, owned[0][1], max(given.voices)), given.starts)
        if given.runs:
            print_sessions(chain, model, owned, given.voices, given.runs)


if __name__ == "__main__":
    main()
