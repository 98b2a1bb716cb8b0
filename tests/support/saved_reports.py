"""Reports as the page saves them, held to what is known of the conversation."""

from typing import Any

import numpy as np

from support.known_conversation import KnownConversation


def agreement(report: dict[str, Any], dialogue: KnownConversation, until_s: int, numbers: list[set[int]]) -> float:
    """The share of time in which the page's speakers are those of the reference; ``numbers``: of its speakers, a set for each."""
    tracked = np.zeros((2, until_s * 1000), bool)
    for segment in report["segments"]:
        (speaker,) = [index for index, theirs in enumerate(numbers) if segment["number"] in theirs]
        tracked[speaker, segment["startMs"] : segment["endMs"]] = True
    reference = dialogue.speakers[:, ::16][:, : until_s * 1000]
    return float((tracked[:, : reference.shape[1]] == reference).all(axis=0).mean())
