"""Finds the cosine at which one voice and two are equally likely: ``python calibrate.py FOLDER VERIFICATION``.

``FOLDER`` is a model folder, whose ``calibration.json`` is written; ``VERIFICATION`` holds READER/*.audio of speakers whom the
model never heard. Windows are those of ``speaker-tracker evaluate-embedding``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from speaker_tracker.engine.assembly import configure_chain
from speaker_tracker.evaluation.embedding import WindowEmbedder, embedding_stage, measure
from speaker_tracker.evaluation.utterances import read_utterances, utterance_files
from speaker_tracker.evaluation.verification import Trials, equal_error_rate
from speaker_tracker.settings import load_settings

SECONDS = 1.5


def equally_likely(trials: Trials) -> float:
    """Where a logistic regression on the cosine gives 0.5, same-voice and different-voice pairs weighted to equal halves."""
    scores = np.concatenate([trials.same, trials.different])[:, None]
    same = np.concatenate([np.ones(len(trials.same)), np.zeros(len(trials.different))])
    regression = LogisticRegression(class_weight="balanced", C=1e6).fit(scores, same)
    return float(-regression.intercept_[0] / regression.coef_[0, 0])


def main() -> None:
    """Reads the command line and calibrates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("verification", type=Path)
    parser.add_argument("--name", default="ecapa-mini", help="what the model is called")
    arguments = parser.parse_args()
    options = {"speechbrain_embedding": {"source": str(arguments.folder)}}
    stage = embedding_stage(configure_chain(load_settings(stage_options=options)))
    files = utterance_files(arguments.verification)
    embedder = WindowEmbedder(stage, round(1000 * SECONDS), "session")
    utterances = read_utterances(files)
    trials = measure(embedder, utterances)
    cosine = equally_likely(trials)
    document = {
        "name": arguments.name,
        "dimension": len(embedder.embed(utterances[0].samples, [0])[0]),
        "same_voice_cosine": round(cosine, 3),
        "calibrated_seconds": SECONDS,
        "equal_error_rate": round(equal_error_rate(trials), 4),
        "measured_on": f"{len(files)} utterances of speakers {', '.join(sorted({speaker for speaker, _ in files}))}",
        "method": "logistic regression on the cosine, same-voice and different-voice pairs weighted to equal halves; the cosine "
        "where it gives 0.5; features less the mean of the utterance",
    }
    (arguments.folder / "calibration.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    refused, accepted = np.mean(trials.same < cosine), np.mean(trials.different >= cosine)
    print(
        f"{cosine:.3f}: {100 * refused:.0f} % of same-voice pairs lie below, {100 * accepted:.0f} % of different-voice pairs above"
    )


if __name__ == "__main__":
    main()
