"""Makes conversations of people of whom there are further recordings, for `speaker-tracker evaluate --known`.

    python scripts/make_known_voice_conversations.py DIR [DIR ...] OUT --noise FILE [--others FILE ...] [--each N]

A DIR has a folder of utterances for each person; files whose names differ after the last hyphen only are of one recording. Of each
person, the longest recording talks in the conversations, and the others go into OUT/known/NAME; of people with one recording, the
second half of the utterances talks. Recordings of further people, who do not talk, go there too: OTHERS, one file of each.

OUT/manifest.json has N conversations each of 2, 3 and 4 people, as recorded (`clean`), with noise at 8 to 15 dB (`noisy`), with
the echo of a room (`room`) and over a line of 8 kHz (`line`). A turn is an utterance. References come from the energy of the
utterances.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import soundfile
from make_conversation import SAMPLE_RATE, Samples, loud_frames, rttm_line, speech_spans

from speaker_tracker.evaluation.calibration import recordings_of
from speaker_tracker.evaluation.utterances import Utterance, files_by_speaker, read_samples, through_line

CONDITIONS = ("clean", "noisy", "room", "line")
TALKERS = (2, 3, 4)
SECONDS = (60.0, 80.0)
"""Duration from which on a conversation ends with the turn."""
MIN_TURN, MAX_TURN = 1.0, 12.0
"""Utterances that are shorter are left out, and longer ones are cut off."""
PAUSES = (0.2, 0.7)
LEVELS_DB = (-30.0, -22.0)
NOISE_FLOOR_DB = -65.0
SNR_DB = (8.0, 15.0)
LINE_RATE = 8000
ECHO_SECONDS = (0.3, 0.6)
"""Time in which the echo decays by 60 dB."""
ECHO_DB = (-8.0, 0.0)
"""Level of the echo relative to the direct sound."""
Turn = tuple[float, float, str]


@dataclass(frozen=True)
class Person:
    """``known``: files that the person is known by. ``talking``: files of the utterances in conversations."""

    name: str
    known: tuple[Path, ...]
    talking: tuple[Path, ...]


def person_of(name: str, files: Sequence[Path]) -> Person:
    """Shares a person's files out."""
    recordings = recordings_of([(name, file) for file in files], at_most=None)
    if len(recordings) == 1:
        half = len(files) // 2
        return Person(name, tuple(sorted(files)[:half]), tuple(sorted(files)[half:]))
    longest = max(recordings, key=lambda recording: sum(map(duration, recording.files)))
    known = tuple(file for recording in recordings if recording is not longest for file in recording.files)
    return Person(name, known, longest.files)


def duration(file: Path) -> float:
    """Of an audio file, in seconds."""
    return float(soundfile.info(file).duration)


def people_in(folders: Sequence[Path]) -> list[Person]:
    """Everybody of whom there are two utterances at least; exits with one sentence if they are too few."""
    found: dict[str, Person] = {}
    for name, files in (item for folder in folders for item in files_by_speaker(folder).items()):
        long_enough = [file for file in files if duration(file) >= MIN_TURN]
        if name in found:
            sys.exit(f"two of the folders have {name}; people need different names")
        if len(long_enough) > 1:
            found[name] = person_of(name, long_enough)
    if len(found) < max(TALKERS):
        sys.exit(f"{len(found)} people have two files of {MIN_TURN:g} s or more; {max(TALKERS)} are needed, a folder of files each")
    return list(found.values())


def at_level(samples: Samples, level_db: float) -> Samples:
    """An utterance whose loud frames have this level."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)[loud_frames(samples)]
    return samples * 10 ** (level_db / 20) / np.sqrt(np.mean(frames**2))


def echoing(samples: Samples, random: np.random.Generator, seconds: float) -> Samples:
    """An utterance in a room whose echo decays in ``seconds``, from a place of its own."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    echo = random.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    echo *= 10 ** (random.uniform(*ECHO_DB) / 20) / np.sqrt(np.square(echo).sum())
    echo[0] += 1.0
    size = len(samples) + len(echo)
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(echo, size), size)


def mixed(people: Sequence[Person], condition: str, noise: Samples, random: np.random.Generator) -> tuple[Samples, list[Turn]]:
    """A conversation and who speaks when in it."""
    levels = {person.name: random.uniform(*LEVELS_DB) for person in people}
    rooms = {person.name: random.integers(1 << 31) for person in people}
    echo_seconds, end = random.uniform(*ECHO_SECONDS), random.uniform(*SECONDS)
    next_file = {person.name: int(random.integers(len(person.talking))) for person in people}
    audio, turns, position = np.zeros(round((SECONDS[1] + 2 * MAX_TURN) * SAMPLE_RATE)), list[Turn](), 0
    order = [people[int(each)] for each in random.permutation(len(people))]
    for number in count():
        if position >= end * SAMPLE_RATE:
            break
        # Everybody once, then whoever did not speak last.
        others = [person for person in people if person is not order[-1]]
        if number >= len(order):
            order.append(others[int(random.integers(len(others)))])
        person = order[number]
        file = person.talking[next_file[person.name] % len(person.talking)]
        next_file[person.name] += 1
        samples = read_samples(file)[: round(MAX_TURN * SAMPLE_RATE)].astype(np.float64)
        samples = at_level(samples, levels[person.name])
        position += round(random.uniform(*PAUSES) * SAMPLE_RATE)
        begin = position / SAMPLE_RATE
        turns += [(begin + start, begin + stop, person.name) for start, stop in speech_spans(samples)]
        heard = samples
        if condition == "room":
            heard = echoing(samples, np.random.default_rng(rooms[person.name]), echo_seconds)
        audio[position : position + len(heard)] += heard
        position += len(samples)
    audio = audio[: position + SAMPLE_RATE]
    audio += random.normal(0, 10 ** (NOISE_FLOOR_DB / 20), len(audio))
    if condition == "noisy":
        speech = 10 ** (np.mean(list(levels.values())) / 20)
        start = int(random.integers(len(noise)))
        section = np.resize(np.roll(noise, -start), len(audio))
        audio += section * speech * 10 ** (-random.uniform(*SNR_DB) / 20) / max(float(np.sqrt(np.mean(section**2))), 1e-6)
    if condition == "line":
        audio = through_line([Utterance("", audio.astype(np.float32))], LINE_RATE)[0].samples.astype(np.float64)
    return np.clip(audio, -1.0, 1.0), turns


def write_conversation(out: Path, uri: str, condition: str, talkers: int, made: tuple[Samples, list[Turn]]) -> dict[str, object]:
    """Writes audio and reference; returns the entry of the manifest."""
    audio, turns = made
    soundfile.write(out / f"{uri}.flac", audio, SAMPLE_RATE, subtype="PCM_16")
    (out / f"{uri}.rttm").write_text("".join(rttm_line(uri, *turn) for turn in turns), encoding="utf-8")
    seconds = round(len(audio) / SAMPLE_RATE, 2)
    files = {"audio": f"{uri}.flac", "rttm": f"{uri}.rttm"}
    return {"uri": uri, **files, "num_speakers": talkers, "group": condition, "seconds": seconds}


def write_known(out: Path, people: Sequence[Person], others: Sequence[Path]) -> None:
    """Writes the recordings that people are known by, in place of those of an earlier time."""
    if out.exists():
        shutil.rmtree(out)
    for name, files in [*((person.name, person.known) for person in people), *((file.stem, (file,)) for file in others)]:
        (out / name).mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, out / name / file.name)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--noise", type=Path, required=True, help="a recording of background noise")
    parser.add_argument("--others", type=Path, nargs="*", default=[], metavar="FILE", help="recordings of further known people")
    parser.add_argument("--each", type=int, default=2, help="conversations of each number of people in each condition")
    given = parser.parse_args()
    people = people_in(given.folders)
    if twice := {person.name for person in people} & {file.stem for file in given.others}:
        sys.exit(f"{', '.join(sorted(twice))} cannot both talk and be one of the others")
    noise = read_samples(given.noise).astype(np.float64)
    given.out.mkdir(parents=True, exist_ok=True)
    write_known(given.out / "known", people, given.others)
    manifest = []
    for group, condition in enumerate(CONDITIONS):
        for talkers in TALKERS:
            for number in range(given.each):
                random = np.random.default_rng((group, talkers, number))
                chosen = [people[int(each)] for each in random.permutation(len(people))[:talkers]]
                uri = f"{condition}{talkers}-{number}"
                made = mixed(chosen, condition, noise, random)
                manifest.append(write_conversation(given.out, uri, condition, talkers, made))
                print(f"{uri}: {manifest[-1]['seconds']} s, {', '.join(person.name for person in chosen)}")
    (given.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
