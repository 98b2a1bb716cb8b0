"""JSON documents of the measures of known voices, and their figures by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speaker_tracker.evaluation.known_voices.comparison import KnownVoicesResult
from speaker_tracker.evaluation.known_voices.cutting import CutResult
from speaker_tracker.evaluation.known_voices.figures import CutFigures, Errors, KnownVoicesFigures, SpeechNames
from speaker_tracker.evaluation.results import ALL, error_document, rounded


def known_voices_by_group(results: Sequence[KnownVoicesResult]) -> dict[str, KnownVoicesFigures]:
    """Figures by group, in order of first appearance, and over all under ``ALL``, last."""
    groups: dict[str, KnownVoicesFigures] = {}
    for result in results:
        groups[result.group] = groups.get(result.group, KnownVoicesFigures()) + result.figures
    groups.pop(ALL, None)
    return {**groups, ALL: sum((result.figures for result in results), KnownVoicesFigures())}


def cuts_by_group(results: Sequence[CutResult]) -> dict[str, CutFigures]:
    """Figures by group, as ``known_voices_by_group`` gives them."""
    groups: dict[str, CutFigures] = {}
    for result in results:
        groups[result.group] = groups.get(result.group, CutFigures()) + result.figures
    groups.pop(ALL, None)
    return {**groups, ALL: sum((result.figures for result in results), CutFigures())}


def known_voices_json(results: Sequence[KnownVoicesResult]) -> dict[str, Any]:
    """The document that ``evaluate --known --json`` prints: rates as fractions, durations in seconds."""
    return {
        "groups": {
            name: {"files": figures.files, **_known_voices(figures)} for name, figures in known_voices_by_group(results).items()
        },
        "files": [
            {
                "uri": result.uri,
                "group": result.group,
                "known": [
                    {"name": person.name, "seconds": round(person.seconds, 2), "toldAfterSeconds": person.told_after}
                    for person in result.people
                ],
                **_known_voices(result.figures),
            }
            for result in results
        ],
    }


def cuts_json(results: Sequence[CutResult]) -> dict[str, Any]:
    """The document that ``evaluate --cut --json`` prints."""
    return {
        "groups": {name: {"files": figures.files, **_cut(figures)} for name, figures in cuts_by_group(results).items()},
        "files": [
            {"uri": result.uri, "group": result.group, "cutAtSeconds": result.seconds, **_cut(result.figures)} for result in results
        ],
    }


def _known_voices(figures: KnownVoicesFigures) -> dict[str, Any]:
    people, strangers = figures.people, figures.strangers
    ever, final, time_ever, time_final = map(rounded, strangers.shares)
    return {
        "nobodyKnown": _errors(figures.without),
        "talkersKnown": _errors(figures.known),
        "names": {
            "people": len(people.told_after),
            "within3Seconds": rounded(people.in_time),
            "medianSeconds": rounded(people.median_seconds),
            "speech": _speech(people.speech),
        },
        "strangers": {
            "people": strangers.people,
            "called": {"ever": ever, "final": final},
            "timeCalled": {"ever": time_ever, "final": time_final},
            "totalSeconds": round(strangers.final_total, 3),
        },
    }


def _cut(figures: CutFigures) -> dict[str, Any]:
    people = {"total": figures.people, "matched": figures.matched, "wrong": figures.wrong, "new": figures.new}
    return {"people": people, "speech": _speech(figures.speech)}


def _speech(speech: SpeechNames) -> dict[str, float | None]:
    parts = {"right": speech.right, "wrong": speech.wrong, "none": speech.none}
    return {name: rounded(speech.share(part)) for name, part in parts.items()} | {"totalSeconds": round(speech.total, 3)}


def _errors(errors: Errors) -> dict[str, Any]:
    return {"online": error_document(errors.online), "final": error_document(errors.final)}
