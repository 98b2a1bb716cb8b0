"""Measures the time from opening the page to the first names.

Runs a real server, and Chromium with a recorded conversation, whose reference is known, as its microphone. Needs Chromium and the
development packages; each run takes a quarter of a minute:

    python scripts/first_name.py [--runs N] [--audio FILE] [--rttm FILE] [--speakers N]
"""

from __future__ import annotations

import argparse
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from playwright.sync_api import Playwright, sync_playwright
from screenshot import ROOT, launch, running_server

from speaker_tracker.results.rttm import read_rttm

SAMPLE_RATE = 16_000
LEAD_SECONDS = 2
"""Silence before the recording: Chromium plays it from the opening of the microphone, so that first words could be lost."""
NAMED_MS = 60_000

WATCH = """
const seen = {sent: [], names: [], listed: {}};
window.seen = seen;
const {send} = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
  if (typeof data !== "string") seen.sent.push([performance.now(), Array.from(data)]);
  send.call(this, data);
};
const look = () => {
  const now = performance.now();
  const byId = (id) => document.getElementById(id);
  if (byId("setup")?.hidden === false) seen.ready ??= now;
  if (byId("connection")?.dataset.state === "running") seen.running ??= now;
  const name = byId("now")?.hasAttribute("data-quiet") === false ? byId("now-name").textContent : "";
  for (const {dataset} of document.querySelectorAll(".speaker")) seen.listed[dataset.number] ??= now;
  if (name !== (seen.names.at(-1)?.[1] ?? "")) seen.names.push([now, name]);
};
new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
addEventListener("click", ({target}) => target.id === "start" && (seen.pressed ??= performance.now()), true);
"""
"""Script that records what the page sends and shows, with times in milliseconds since the navigation."""


@dataclass(frozen=True)
class Waits:
    """Waiting times of one run, in seconds."""

    ready: float
    running: float
    first: float
    second: float


MEANING = {
    "ready": "page opened -> ready",
    "running": "Start pressed -> session running",
    "first": "first word -> first speaker's label",
    "second": "second speaker's first word -> their label",
}


def first_words(rttm: Path) -> tuple[float, float]:
    """Times when the first and the second speaker begin, in seconds of the recording."""
    starts: dict[str, float] = {}
    for turn in sorted(read_rttm(rttm), key=lambda turn: turn.start):
        starts.setdefault(turn.speaker, turn.start)
    first, second, *_ = starts.values()
    return first, second


def heard_from(sent: NDArray[np.float64], recording: NDArray[np.float64]) -> float:
    """Position in ``recording``, in seconds, where the ``sent`` audio begins, by the best correlation of both at 16 kHz."""
    size = len(sent) + len(recording)
    agreement = np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(sent, size)), size)
    return int(np.argmax(agreement[: len(recording)])) / SAMPLE_RATE


def spoken_at(sent: list[tuple[float, list[int]]], recording: NDArray[np.float64]) -> float:
    """Time when the recording began to play, in milliseconds of the page: no frame can be sent before it was played."""
    lengths = [len(samples) for _, samples in sent]
    ends_ms = np.cumsum(lengths) / SAMPLE_RATE * 1000
    begun_ms = min(at - float(end) for (at, _), end in zip(sent, ends_ms, strict=True))
    samples = np.concatenate([np.asarray(samples, np.float64) for _, samples in sent])
    return begun_ms - 1000 * heard_from(samples, recording)


def waits_of(seen: dict[str, Any], recording: NDArray[np.float64], words: tuple[float, float]) -> Waits:
    """Waiting times from the observations ``seen``; ``words``: times when the two speakers begin in the recording."""
    playing = spoken_at(seen["sent"], recording)
    shown = []
    for number, word in enumerate(words, 1):
        begun = playing + 1000 * word
        # A speaker recognized only after their word is shown in the list and the timeline, not as current.
        told = [seen["listed"][str(number)], *(at for at, name in seen["names"] if name == f"Speaker {number}")]
        shown.append(min(at for at in told if at >= begun) - begun)
    waits = [seen["ready"], seen["running"] - seen["pressed"], *shown]
    return Waits(*(wait / 1000 for wait in waits))


def measure(playwright: Playwright, address: str, heard: Path, speakers: int) -> dict[str, Any]:
    """Observations of ``WATCH`` in a new browser until the second speaker is named."""
    browser = launch(playwright, heard)
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    page.get_by_role("group", name="How many people speak?").get_by_label(str(speakers)).check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("() => window.seen.names.some(([, name]) => name === 'Speaker 2')", timeout=NAMED_MS)
    page.wait_for_timeout(500)
    seen: dict[str, Any] = page.evaluate("window.seen")
    browser.close()
    return seen


def main() -> None:
    """See the module's docstring."""
    data = ROOT / "tests" / "data"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--audio", type=Path, default=data / "conversation.flac")
    parser.add_argument("--rttm", type=Path, default=data / "conversation.rttm")
    parser.add_argument("--speakers", type=int, default=3)
    options = parser.parse_args()
    samples, rate = soundfile.read(options.audio)
    recording = np.concatenate([np.zeros(LEAD_SECONDS * rate), samples])
    first, second = (LEAD_SECONDS + start for start in first_words(options.rttm))
    with TemporaryDirectory() as folder, running_server() as address, sync_playwright() as playwright:
        heard = Path(folder) / "microphone.wav"
        soundfile.write(heard, soxr.resample(recording, rate, 48_000), 48_000, subtype="PCM_16")
        at_16_khz = soxr.resample(recording, rate, SAMPLE_RATE)
        runs = [
            waits_of(measure(playwright, address, heard, options.speakers), at_16_khz, (first, second)) for _ in range(options.runs)
        ]
    print(f"{f'seconds, {options.runs} runs':<44}{'median':>8}{'worst':>8}")
    for field, values in zip(fields(Waits), zip(*map(astuple, runs), strict=True), strict=True):
        print(f"{MEANING[field.name]:<44}{median(values):>8.2f}{max(values):>8.2f}")


if __name__ == "__main__":
    main()
