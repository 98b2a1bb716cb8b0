"""Calibration of a voice model: how its embeddings vary, measured on recordings of known people.

Random effects, from mean inner products of windows that share nothing, the person, the recording, or the utterance, each reader or
pair of readers counting alike (variance components by the method of moments: Searle, Casella and McCulloch, "Variance Components",
1992). The effective dimension is the number that makes the log-likelihood ratios of pairs of windows right, one voice against two:
the minimum of their cross-entropy (Brümmer and du Preez, "Application-independent evaluation of speaker detection", Computer Speech
and Language 2006).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.engine.chain import Chain
from speaker_tracker.engine.offers import Configured, ConfiguredStage
from speaker_tracker.engine.pipeline import Pipeline
from speaker_tracker.evaluation.utterances import VerificationSetError, read_samples
from speaker_tracker.evaluation.verification import WINDOWS_PER_UTTERANCE, Trials, cosine_trials, equal_error_rate
from speaker_tracker.events import (
    SAMPLE_RATE,
    SpeechAudio,
    SpeechEnded,
    SpeechStarted,
    VoiceCalibration,
    VoiceEmbedding,
    VoiceModel,
)
from speaker_tracker.stage import SessionInfo

MIN_SPEAKERS = 5
MIN_SECONDS = 30.0
"""Minimum speech of each speaker."""
MAX_UTTERANCES = 12
"""Maximum utterances that are heard of a recording."""
MAX_SECONDS = 10.0
"""Maximum that is heard of an utterance."""
HOP_MS = 500
"""Step between windows."""
APART_SECONDS = 4.0
"""Minimum distance of two windows of an utterance that are taken to have their voice in common and no words."""
LENGTHS = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Lengths of windows (seconds) whose worth is measured."""
PAUSE_SECONDS = 1.0
LIKELIEST_DIMENSIONS = (2.0, 2000.0)
CHANNEL_PER_STYLE = 2.0
"""Typical ratio of ``channel_variance`` to ``style_variance``, where nobody has two recordings."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Embeddings of windows of one length and what each is of; ``n`` in all.

    ``vectors``: length 1, shape ``(n, d)``. ``speakers``, ``recordings``, ``utterances``: numbers that are unique in the whole
    set, shape ``(n,)``. ``starts``: positions in the utterance (seconds), shape ``(n,)``.
    """

    vectors: NDArray[np.float64]
    speakers: NDArray[np.intp]
    recordings: NDArray[np.intp]
    utterances: NDArray[np.intp]
    starts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Products:
    """Mean inner products of two windows of different people, of one person's recordings, of one recording, of one utterance.

    ``other_recording`` is None where nobody has two recordings.
    """

    other_person: float
    other_recording: float | None
    same_recording: float
    same_utterance: float

    @property
    def same_person(self) -> float:
        """Of two recordings of one person, or of one where there are no two."""
        return self.same_recording if self.other_recording is None else self.other_recording


@dataclass(frozen=True, slots=True)
class Utterances:
    """One recording of one person: its files in order."""

    speaker: str
    name: str
    files: tuple[Path, ...]


def calibrate(
    stage: ConfiguredStage, files: Sequence[tuple[str, Path]], on_progress: Callable[[float], object] = lambda _: None
) -> VoiceModel:
    """The model of an embedding stage, with its calibration measured on ``files`` of known people.

    ``stage``: with the options ``window_ms`` and ``hop_ms``; its ``window_ms`` is ``calibrated_seconds``. ``files``: speakers and
    their audio files; the speakers should not be among those that the model was trained on. Files whose names differ after the last
    hyphen only are of one recording, such as ``84-121123-0003.flac``. ``on_progress``: called with the share that is done since
    the last call; all calls together make 1. Raises ``VerificationSetError`` where the set is too small, ``AudioFileError``, and
    ``ChainError`` if the stage cannot be loaded.
    """
    recordings = recordings_of(files)
    speech = {
        recording: [read_samples(file)[: round(MAX_SECONDS * SAMPLE_RATE)] for file in recording.files] for recording in recordings
    }
    _check_size(speech)
    seconds = float(getattr(stage.options, "window_ms")) / 1000  # noqa: B009 - an option of embedding stages, not of all
    found: dict[float, Windows] = {}
    lengths = sorted({*LENGTHS, seconds})
    for length in lengths:
        found[length], model = _windows(stage, speech, length)
        on_progress(1 / len(lengths))
    products = {length: mean_products(windows) for length, windows in found.items()}
    at = products[seconds]
    trials = independent_trials(found[seconds], seconds)
    common, between = at.other_person, at.same_person - at.other_person
    within = 1.0 - common - between
    style = max(0.0, at.same_utterance - at.same_recording)
    channel = CHANNEL_PER_STYLE * style if at.other_recording is None else max(style, at.same_utterance - at.other_recording)
    names = sorted({recording.speaker for recording in recordings})
    calibration = VoiceCalibration(
        within_variance=round(within, 4),
        between_variance=round(between, 4),
        common_variance=round(common, 4),
        style_variance=round(style, 4),
        channel_variance=round(channel, 4),
        effective_dimension=round(likeliest_dimension(trials, within, between, common), 1),
        evidence_by_seconds=tuple((length, round(_clearness(one) / _clearness(at), 3)) for length, one in products.items()),
        equal_error_rate=round(equal_error_rate(trials), 4),
        measured_on=f"{len(recordings)} recordings of {len(names)} speakers ({', '.join(names)})",
    )
    return replace(model, same_voice_cosine=round(equally_likely(trials), 3), calibrated_seconds=seconds, calibration=calibration)


def recordings_of(files: Sequence[tuple[str, Path]], at_most: int | None = MAX_UTTERANCES) -> list[Utterances]:
    """The recordings of each speaker, with the first ``at_most`` files of each, all if None.

    Files whose names differ after the last hyphen only belong together.
    """
    found: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for speaker, path in files:
        begin, _, number = path.stem.rpartition("-")
        found[speaker, begin if begin and number.isdigit() else path.stem].append(path)
    return [Utterances(speaker, name, tuple(sorted(paths)[:at_most])) for (speaker, name), paths in found.items()]


def mean_products(windows: Windows) -> Products:
    """Mean inner products of pairs of windows, by what the two have in common; each person or pair of persons counts alike.

    Raises ``VerificationSetError`` where there are no pairs of windows of one utterance, or of one recording.
    """
    units = np.unique(windows.utterances)
    means = np.stack([windows.vectors[windows.utterances == unit].mean(axis=0) for unit in units])
    firsts = [int(np.flatnonzero(windows.utterances == unit)[0]) for unit in units]
    speakers, recordings = windows.speakers[firsts], windows.recordings[firsts]
    by_pair: dict[tuple[str, int, int], list[float]] = defaultdict(list)
    for one, other in combinations(range(len(units)), 2):
        kind = "person" if speakers[one] != speakers[other] else "recording" if recordings[one] != recordings[other] else "same"
        by_pair[kind, int(speakers[one]), int(speakers[other])].append(float(means[one] @ means[other]))
    of_kind = {
        kind: [np.mean(values) for (name, _, _), values in by_pair.items() if name == kind]
        for kind in ("person", "recording", "same")
    }
    within = _within_utterances(windows, units)
    if not within or not of_kind["same"]:
        raise VerificationSetError(
            f"too few utterances are long enough: each speaker needs two files of one recording, of {2 * APART_SECONDS:g} s or more"
        )
    return Products(
        other_person=float(np.mean(of_kind["person"])),
        other_recording=float(np.mean(of_kind["recording"])) if of_kind["recording"] else None,
        same_recording=float(np.mean(of_kind["same"])),
        same_utterance=float(np.mean(within)),
    )


def independent_trials(windows: Windows, seconds: float) -> Trials:
    """Cosines of pairs of windows of different utterances; of each utterance windows of ``seconds`` that do not overlap."""
    kept: list[int] = []
    for utterance in np.unique(windows.utterances):
        free_from, left = -np.inf, WINDOWS_PER_UTTERANCE
        for index in np.flatnonzero(windows.utterances == utterance):
            if left and windows.starts[index] >= free_from:
                kept.append(int(index))
                free_from, left = windows.starts[index] + seconds, left - 1
    return cosine_trials(windows.vectors[kept].astype(np.float32), windows.speakers[kept], windows.utterances[kept])


def log_likelihood_ratio(cosines: NDArray[np.float64], within: float, between: float, common: float) -> NDArray[np.float64]:
    """Log-likelihood ratio, one voice against two, of pairs of windows with these cosines; of each dimension.

    Each window has a variance of ``within + between + common``, over the dimension, and the two have a covariance of
    ``between + common`` if they are of one voice, of ``common`` otherwise.
    """
    variance, same, different = within + between + common, between + common, common

    def twice_log_density(covariance: float) -> NDArray[np.float64]:
        determinant = variance**2 - covariance**2
        return np.asarray(-np.log(determinant) - 2 * (variance - covariance * cosines) / determinant)

    return np.asarray((twice_log_density(same) - twice_log_density(different)) / 2)


def likeliest_dimension(trials: Trials, within: float, between: float, common: float) -> float:
    """The number of dimensions for which log-likelihood ratios of pairs have the least cross-entropy, at equal priors."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - heavy, for measurements only

    same = log_likelihood_ratio(trials.same, within, between, common)
    different = log_likelihood_ratio(trials.different, within, between, common)

    def cross_entropy(log_dimension: float) -> float:
        dimension = np.exp(log_dimension)
        return float(np.logaddexp(0, -dimension * same).mean() + np.logaddexp(0, dimension * different).mean())

    bounds = tuple(np.log(LIKELIEST_DIMENSIONS))
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))


def equally_likely(trials: Trials) -> float:
    """The cosine at which a logistic regression gives 0.5, with same-voice and different-voice pairs weighted to equal halves."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, for measurements only

    scores = np.concatenate([trials.same, trials.different])[:, np.newaxis]
    same = np.concatenate([np.ones(len(trials.same)), np.zeros(len(trials.different))])
    regression = LogisticRegression(class_weight="balanced", C=1e6).fit(scores, same)
    return float(-regression.intercept_[0] / regression.coef_[0, 0])


def _clearness(products: Products) -> float:
    """Variance between voices over that within."""
    between = products.same_person - products.other_person
    return between / max(1e-9, 1.0 - products.same_person)


def _within_utterances(windows: Windows, units: NDArray[np.intp]) -> list[float]:
    """Mean inner product of windows far apart in the utterances of each speaker."""
    by_speaker: dict[int, list[float]] = defaultdict(list)
    for unit in units:
        own = np.flatnonzero(windows.utterances == unit)
        apart = np.abs(np.subtract.outer(windows.starts[own], windows.starts[own])) >= APART_SECONDS
        if apart.any():
            vectors = windows.vectors[own]
            by_speaker[int(windows.speakers[own[0]])].append(float((vectors @ vectors.T)[apart].mean()))
    return [float(np.mean(values)) for values in by_speaker.values()]


def _check_size(speech: dict[Utterances, list[NDArray[np.float32]]]) -> None:
    seconds: dict[str, float] = defaultdict(float)
    for recording, utterances in speech.items():
        seconds[recording.speaker] += sum(len(samples) for samples in utterances) / SAMPLE_RATE
    if len(seconds) < MIN_SPEAKERS:
        raise VerificationSetError(
            f"{len(seconds)} speakers are too few for a calibration, which needs {MIN_SPEAKERS} or more, better 20; each with "
            f"{MIN_SECONDS:g} s of speech or more, best in two recordings"
        )
    for speaker, length in seconds.items():
        if length < MIN_SECONDS:
            raise VerificationSetError(
                f"speaker {speaker} has {length:.0f} s of speech, and a calibration needs {MIN_SECONDS:g} s or more of each (up to "
                f"{MAX_SECONDS:g} s of each file count, and up to {MAX_UTTERANCES} files of a recording)"
            )


def _windows(
    stage: ConfiguredStage, speech: dict[Utterances, list[NDArray[np.float32]]], seconds: float
) -> tuple[Windows, VoiceModel]:
    values = {
        **stage.options.model_dump(exclude_unset=True),
        "window_ms": round(1000 * seconds),
        "hop_ms": min(HOP_MS, round(1000 * seconds)),
    }
    chain = Chain([Configured(stage.provided, type(stage.options).model_validate(values))])
    names = sorted({recording.speaker for recording in speech})
    rows: list[tuple[NDArray[np.float32], int, int, int, float]] = []
    utterance, model = 0, None
    with closing(chain):
        for number, (recording, utterances) in enumerate(speech.items()):
            pipeline, position = chain.open(SessionInfo("calibration", 1)), 0
            for samples in utterances:
                for embedding in _embeddings(pipeline, samples, position, round(seconds * SAMPLE_RATE)):
                    begin = (embedding.heard_start - position) / SAMPLE_RATE
                    rows.append((embedding.vector, names.index(recording.speaker), number, utterance, begin))
                    model = embedding.model
                position += len(samples) + round(PAUSE_SECONDS * SAMPLE_RATE)
                utterance += 1
            pipeline.close()
    if model is None:
        raise VerificationSetError(f"no file is {seconds:g} s long, which a calibration needs")
    vectors, speakers, recordings, of_utterances, starts = zip(*rows, strict=True)
    return (
        Windows(
            np.stack(vectors).astype(np.float64),
            np.array(speakers),
            np.array(recordings),
            np.array(of_utterances),
            np.array(starts),
        ),
        model,
    )


def _embeddings(pipeline: Pipeline, samples: NDArray[np.float32], position: int, length: int) -> list[VoiceEmbedding]:
    """Embeddings of all whole windows of an utterance."""
    end = position + len(samples)
    events = [SpeechStarted(position), SpeechAudio(position, samples), SpeechEnded(end)]
    answers = [answer for event in events for answer in pipeline.feed(event)]
    return [one for one in answers if isinstance(one, VoiceEmbedding) and one.heard_end - one.heard_start == length]
