"""Voiceprints of people from their recordings, one of each recording, as ``speaker-tracker enroll`` makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.audio.pcm_audio import PcmAudio
from speaker_tracker.engine.chain import Chain
from speaker_tracker.evaluation.calibration import Utterances
from speaker_tracker.evaluation.processes import ChainOfProcess
from speaker_tracker.protocol import Voiceprint
from speaker_tracker.results.enrolment import NO_VOICES, EnrolmentError, enrol

PAUSE_SECONDS = 0.5
"""Silence between the files of a recording."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The voiceprint of a recording of ``name``, or why there is none."""

    name: str
    voiceprint: Voiceprint | None
    refused: str | None = None


class Enroller:
    """Makes the voiceprint of a recording from its first ``seconds``.

    ``load_chain``: loads the chain, once in each process; picklable if several processes are used.
    """

    def __init__(self, load_chain: Callable[[], Chain], seconds: float) -> None:
        self._chain = ChainOfProcess(load_chain)
        self._seconds = seconds

    def __call__(self, recording: Utterances) -> Enrolled:
        """The voiceprint. Raises ``AudioFileError``, ``ChainError``, and ``EnrolmentError`` for a chain that makes none."""
        parts: list[PcmAudio] = []
        for file in recording.files:
            if sum(part.seconds for part in parts) < self._seconds:
                parts.append(PcmAudio.read(file))
        audio = PcmAudio.joined(parts, PAUSE_SECONDS).part(0.0, self._seconds)
        chain = self._chain.loaded()
        if chain.voice_model is None:
            raise EnrolmentError(NO_VOICES)
        try:
            return Enrolled(recording.speaker, enrol(chain, audio).voiceprint)
        except EnrolmentError as error:
            return Enrolled(recording.speaker, None, str(error))

    def close(self) -> None:
        """Closes the chain of this process, if it has been loaded."""
        self._chain.close()
