"""Measures how many words `speaker-tracker label` gives to the wrong speaker.

    python scripts/score_words.py [MANIFEST] [--group NAME ...] [--uri NAME ...] [--texts FILE.toml] [--timed]

Tracks the conversations of a manifest in this process and labels words whose speakers are known, by the reference. With --texts
the words are those of the turns in a file such as tests/data/conversations.toml, and share the time of their turn by characters;
without it they are numbers, three for each second in which the reference has somebody speak, so that those who speak at once have
words at the same time. --timed: by times alone, without moving changes of voice to ends of sentences.

`wrong`: words of another speaker, by the best assignment of the speakers found to those of the reference (the word diarization
error rate of Shafey, Soltau and Shafran, "Joint Speech Recognition and Speaker Diarization via Sequence Transduction", 2019, if all
words are recognized). `nobody`: words without speaker. `bound`: words that are wrong even if the turns are those of the reference,
as several speak at once. In %. In cpWER, which compares the text of each speaker, a wrong word counts twice at most, as it is
missing at one speaker and inserted at another.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.evaluation.manifest import Conversation, read_manifest, select
from speaker_tracker.results.rttm import Turn, read_rttm
from speaker_tracker.results.tracking import track
from speaker_tracker.settings import load_settings
from speaker_tracker.transcripts.grouping import grouped
from speaker_tracker.transcripts.labelling import Timeline, label
from speaker_tracker.transcripts.transcript import Segment, Transcript, Word
from speaker_tracker.transcripts.turns import SpeakerTurn, turns_of
from speaker_tracker.transcripts.words import shared, split_words

ROOT = Path(__file__).parents[1]
WORDS_A_SECOND = 3
ALL = "all"

Spoken = tuple[Word, str]
"""A word, and who says it by the reference."""
Texts = dict[str, list[tuple[str, str]]]
"""Of each conversation, by its name: the speaker and the text of each turn."""


@dataclass(frozen=True)
class Score:
    """Numbers of words. ``bound``: of those that would be wrong by the turns of the reference."""

    words: int = 0
    wrong: int = 0
    nobody: int = 0
    bound: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(own + its for own, its in zip(astuple(self), astuple(other), strict=True)))


def numbered(turns: Iterable[Turn]) -> list[Spoken]:
    """Numbers as words, ``WORDS_A_SECOND`` in each turn and one at least, in order of time."""
    words = []
    for turn in turns:
        count = max(1, round(WORDS_A_SECOND * (turn.end - turn.start)))
        words += [(Word("", *time), turn.speaker) for time in shared(["-"] * count, turn.start, turn.end)]
    words.sort(key=lambda spoken: spoken[0].start)
    for number, (word, _) in enumerate(words):
        word.text = str(number)
    return words


def told(turns: Sequence[Turn], texts: Sequence[tuple[str, str]]) -> list[Spoken]:
    """The words of ``texts`` (speaker and text of each turn, in order), which fill the stretches of the reference by characters."""
    stretches = [list(group) for _, group in groupby(sorted(turns, key=lambda turn: turn.start), key=lambda turn: turn.speaker)]
    said = [(speaker, " ".join(text for _, text in group)) for speaker, group in groupby(texts, key=lambda one: one[0])]
    if [own[0].speaker for own in stretches] != [speaker for speaker, _ in said]:
        raise SystemExit("the turns of the texts are not those of the reference")
    words = []
    for own, (speaker, text) in zip(stretches, said, strict=True):
        parts = [part for part, _ in split_words(text)]
        for part, (start, end) in zip(parts, shared(parts, 0.0, sum(turn.end - turn.start for turn in own)), strict=True):
            words.append((Word(part, _place(start, own), _place(end, own, at_end=True)), speaker))
    return words


def _place(seconds: float, turns: Sequence[Turn], *, at_end: bool = False) -> float:
    """The time at which ``turns`` have had so many seconds of speech."""
    for turn in turns:
        length = turn.end - turn.start
        if seconds < length or (at_end and seconds <= length):
            return turn.start + seconds
        seconds -= length
    return turns[-1].end


def score(words: Sequence[Spoken], turns: Sequence[SpeakerTurn], *, timed: bool = False) -> Score:
    """Labels the words by ``turns`` and compares."""
    own = [word for word, _ in words]
    if timed:
        timeline, before = Timeline(turns), None
        for word in own:
            word.speaker = timeline.speaker(word.start, word.end, before, 1.0)
            before = word.speaker or before
    else:
        named = any(not word.text.isdecimal() for word in own)
        label(Transcript("whisper", grouped(own) if named else [Segment(0.0, own[-1].end, own)]), turns)
    pairs = Counter((speaker, word.speaker) for word, speaker in words if word.speaker is not None)
    real, found = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    counts = np.array([[pairs[one, other] for other in found] for one in real]).reshape(len(real), len(found))
    right = int(counts[linear_sum_assignment(counts, maximize=True)].sum())
    return Score(len(words), pairs.total() - right, len(words) - pairs.total())


def texts_of(path: Path) -> Texts:
    """Speaker and text of each turn of each conversation, by its name."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return {one["uri"]: [(turn["speaker"], turn["text"]) for turn in one["turns"]] for one in document["conversation"]}


def measured(
    conversations: Sequence[Conversation], texts: dict[str, list[tuple[str, str]]], *, timed: bool
) -> dict[str, list[Score]]:
    """The scores of each group, tracked by the configured chain."""
    scores: dict[str, list[Score]] = {}
    with closing(build_chain(load_settings())) as chain:
        for one in conversations:
            reference = [turn for turn in read_rttm(one.rttm) if turn.uri == one.uri]
            words = told(reference, texts[one.uri]) if texts else numbered(reference)
            turns = turns_of(track(chain.open, AudioFile(one.audio), one.num_speakers).recorder.final, {})
            real = [SpeakerTurn(turn.start, turn.end, turn.speaker, turn.speaker) for turn in reference]
            bound = score(words, real, timed=timed).wrong
            scores.setdefault(one.group, []).append(replace(score(words, turns, timed=timed), bound=bound))
    return scores


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("manifest", nargs="?", type=Path, default=ROOT / "tests" / "data" / "manifest.json")
    parser.add_argument("--group", action="append", default=[])
    parser.add_argument("--uri", action="append", default=[])
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--timed", action="store_true")
    given = parser.parse_args()
    conversations = select(read_manifest(given.manifest), given.group, given.uri)
    scores = measured(conversations, texts_of(given.texts) if given.texts else {}, timed=given.timed)
    if len(scores) > 1:
        scores[ALL] = [one for group in scores.values() for one in group]
    print(f"{'group':12} files  words  wrong  nobody  bound")
    for group, files in scores.items():
        whole = sum(files, Score())
        wrong, nobody, bound = (100 * count / max(1, whole.words) for count in (whole.wrong, whole.nobody, whole.bound))
        print(f"{group:12} {len(files):5} {whole.words:6} {wrong:6.1f} {nobody:7.1f} {bound:6.1f}")


if __name__ == "__main__":
    main()
