"""Results of an evaluation: one for each conversation, summed by group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from speaker_tracker.evaluation.changes import Changes, NearConfusion
from speaker_tracker.evaluation.detection import Detection
from speaker_tracker.evaluation.reliability import Reliability
from speaker_tracker.evaluation.scoring import DiarizationError
from speaker_tracker.results.latency import LatencyHistogram

ALL = "all"
"""Name of the summary over all groups."""


@dataclass(frozen=True, slots=True)
class ConversationResult:
    """One conversation. ``seconds``: duration of its audio. ``speakers``: number of speakers in the report.

    ``id_switches``: number of times an id passed to another voice. ``changes``: of the final timeline. ``oracle``, ``hindsight``:
    errors of the same embeddings labelled by the reference, and clustered offline. ``reliability``: of the confidence of final
    segments. None if not requested.
    """

    uri: str
    group: str
    num_speakers: int
    speakers: int
    seconds: float
    processing_seconds: float
    online: DiarizationError
    final: DiarizationError
    latency: LatencyHistogram
    id_switches: int = 0
    online_detection: Detection = field(default_factory=Detection)
    final_detection: Detection = field(default_factory=Detection)
    changes: Changes = field(default_factory=Changes)
    online_near: NearConfusion = field(default_factory=NearConfusion)
    final_near: NearConfusion = field(default_factory=NearConfusion)
    oracle: DiarizationError | None = None
    hindsight: DiarizationError | None = None
    reliability: Reliability | None = None


@dataclass(slots=True)
class Summary:
    """Several conversations combined: errors over their total speaker time, latency over all labelled time."""

    files: int = 0
    seconds: float = 0.0
    processing_seconds: float = 0.0
    online: DiarizationError = field(default_factory=DiarizationError)
    final: DiarizationError = field(default_factory=DiarizationError)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    id_switches: int = 0
    online_detection: Detection = field(default_factory=Detection)
    final_detection: Detection = field(default_factory=Detection)
    changes: Changes = field(default_factory=Changes)
    online_near: NearConfusion = field(default_factory=NearConfusion)
    final_near: NearConfusion = field(default_factory=NearConfusion)
    oracle: DiarizationError | None = None
    hindsight: DiarizationError | None = None
    reliability: Reliability | None = None

    def add(self, result: ConversationResult) -> None:
        """Adds a conversation."""
        self.files += 1
        self.seconds += result.seconds
        self.processing_seconds += result.processing_seconds
        self.online += result.online
        self.final += result.final
        self.latency.merge(result.latency)
        self.id_switches += result.id_switches
        self.online_detection += result.online_detection
        self.final_detection += result.final_detection
        self.changes += result.changes
        self.online_near += result.online_near
        self.final_near += result.final_near
        if result.oracle is not None:
            self.oracle = (self.oracle or DiarizationError()) + result.oracle
        if result.hindsight is not None:
            self.hindsight = (self.hindsight or DiarizationError()) + result.hindsight
        if result.reliability is not None:
            self.reliability = (self.reliability or Reliability()) + result.reliability

    @property
    def real_time_factor(self) -> float:
        """Processing time as a fraction of the audio's duration."""
        return self.processing_seconds / self.seconds


def summarize(results: Iterable[ConversationResult]) -> dict[str, Summary]:
    """Summaries by group, in order of first appearance, and over all of them under ``ALL``, last."""
    groups: dict[str, Summary] = {}
    everything = Summary()
    for result in results:
        groups.setdefault(result.group, Summary()).add(result)
        everything.add(result)
    groups.pop(ALL, None)
    return {**groups, ALL: everything}


def as_json(results: Sequence[ConversationResult]) -> dict[str, Any]:
    """The document that ``evaluate --json`` prints: rates as fractions, latency in milliseconds, durations in seconds."""
    return {
        "groups": {name: {"files": summary.files, **_figures(summary)} for name, summary in summarize(results).items()},
        "files": [
            {
                "uri": result.uri,
                "group": result.group,
                "numSpeakers": result.num_speakers,
                "speakersReported": result.speakers,
                **_figures(alone(result)),
            }
            for result in results
        ],
    }


def alone(result: ConversationResult) -> Summary:
    """The summary of one conversation."""
    summary = Summary()
    summary.add(result)
    return summary


def _figures(summary: Summary) -> dict[str, Any]:
    bounds = {"oracle": summary.oracle, "hindsight": summary.hindsight}
    return {
        "seconds": round(summary.seconds, 3),
        "online": error_document(summary.online),
        "final": error_document(summary.final),
        **{name: error_document(error) for name, error in bounds.items() if error is not None},
        **({} if summary.reliability is None else {"confidence": _reliability(summary.reliability)}),
        "detection": {"online": _detection(summary.online_detection), "final": _detection(summary.final_detection)},
        "changes": _changes(summary.changes),
        "confusionNearChanges": {
            "online": _near(summary.online_near, summary.online),
            "final": _near(summary.final_near, summary.final),
        },
        "idSwitches": summary.id_switches,
        "latencyMs": {"median": summary.latency.percentile(50), "p95": summary.latency.percentile(95)},
        "realTimeFactor": round(summary.real_time_factor, 4),
    }


def _reliability(sums: Reliability) -> dict[str, Any]:
    return {
        "calibrationError": rounded(sums.error),
        "bins": [
            {
                "from": row.least,
                "to": row.most,
                "seconds": round(row.seconds, 3),
                "said": round(row.said, 5),
                "right": round(row.right, 5),
            }
            for row in sums.rows
        ],
    }


def _detection(detection: Detection) -> dict[str, Any]:
    speech, overlap = detection.speech, detection.overlap
    return {
        "speech": {
            "missed": rounded(speech.share(speech.missed)),
            "falseAlarm": rounded(speech.share(speech.false_alarm)),
            "totalSeconds": round(speech.total, 3),
        },
        "overlap": {
            "found": rounded(overlap.share(overlap.found)),
            "false": rounded(overlap.false_share),
            "totalSeconds": round(overlap.total, 3),
            "falseSeconds": round(overlap.false_alarm, 3),
        },
    }


def _changes(changes: Changes) -> dict[str, float | None]:
    return {
        "found": rounded(changes.found_share),
        "falsePerMinute": rounded(changes.false_per_minute),
        "total": changes.total,
    }


def _near(near: NearConfusion, error: DiarizationError) -> dict[str, float | None]:
    return {"around": rounded(error.share(near.around)), "after": rounded(error.share(near.after))}


def error_document(error: DiarizationError) -> dict[str, float | None]:
    """An error rate and its parts as fractions, as JSON documents have them."""
    parts = {
        "der": error.rate,
        "missed": error.share(error.missed),
        "falseAlarm": error.share(error.false_alarm),
        "confusion": error.share(error.confusion),
    }
    return {name: rounded(part) for name, part in parts.items()} | {"totalSeconds": round(error.total, 3)}


def rounded(value: float | None) -> float | None:
    """A figure as JSON documents have it."""
    return None if value is None else round(value, 5)
