"""Takes the pictures of the page in ``docs/images``, with a real server and a recorded conversation as Chromium's microphone.

Needs Chromium and the development packages; takes as long as the conversation:

    python scripts/screenshot.py [--out FOLDER] [--audio FILE] [--speakers N] [--live SECONDS] [--stop SECONDS]
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import soundfile
import soxr
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
WIDE: ViewportSize = {"width": 1100, "height": 640}
NARROW: ViewportSize = {"width": 390, "height": 780}
NAMES = ("Maya", "Tom", "Lee")
READY_SECONDS = 120
REPORT_MS = 60_000


@contextmanager
def running_server() -> Iterator[str]:
    """Runs a server with default settings; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    server = subprocess.Popen([sys.executable, "-m", "speaker_tracker", "serve", "--port", str(port)])  # noqa: S603 - our own
    try:
        wait_for(f"{address}health")
        yield address
    finally:
        server.terminate()
        server.wait()


def wait_for(url: str) -> None:
    """Waits until ``url`` answers."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def launch(playwright: Playwright, heard: Path) -> Browser:
    """Launches Chromium with the recording ``heard``, played once, as its microphone."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("Chromium is needed; install your system's package, such as chromium")
    flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    return playwright.chromium.launch(executable_path=path, args=[*flags, f"--use-file-for-fake-audio-capture={heard}%noloop"])


def wait_until_heard(page: Page, seconds: float) -> None:
    """Waits until the page has listened for ``seconds``."""
    page.wait_for_function(
        """seconds => {
          const parts = document.getElementById("elapsed").textContent.split(":");
          return parts.reduce((sum, part) => 60 * sum + Number(part), 0) >= seconds;
        }""",
        arg=seconds,
        timeout=(seconds + READY_SECONDS) * 1000,
    )


def take(page: Page, file: Path, scheme: Literal["light", "dark"], size: ViewportSize, *, full: bool = False) -> None:
    """Takes a picture in this colour scheme and size; ``full``: of the whole page."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    page.wait_for_timeout(500)  # transitions
    page.screenshot(path=file, full_page=full)
    print(file)


def picture(page: Page, out: Path, options: argparse.Namespace) -> None:
    """Runs the conversation and takes the pictures."""
    page.get_by_role("group", name="How many people speak?").get_by_label(str(options.speakers)).check()
    take(page, out / "browser-start.png", "light", NARROW, full=True)
    page.set_viewport_size(WIDE)
    page.get_by_role("button", name="Start").click()
    for number, name in enumerate(NAMES[: options.speakers], 1):
        page.get_by_label(f"Name of speaker {number}").fill(name, timeout=REPORT_MS)
    page.get_by_role("heading", name="Speaking now").focus()
    wait_until_heard(page, options.live)
    take(page, out / "browser-live.png", "light", WIDE, full=True)
    wait_until_heard(page, options.stop)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name="Report").wait_for(timeout=REPORT_MS)
    take(page, out / "browser-report.png", "dark", WIDE, full=True)
    take(page, out / "browser-phone.png", "light", NARROW, full=True)
    remember_everybody(page)
    page.get_by_role("button", name="New conversation").click()
    page.locator("#voices-title").click()
    take(page, out / "browser-voices.png", "light", NARROW, full=True)


def remember_everybody(page: Page) -> None:
    """Has the page remember the voices of which it heard enough."""
    offers = page.get_by_role("button", name="Remember this voice on this device")
    for number in range(offers.count(), 0, -1):
        offers.first.click()
        page.wait_for_function(
            "number => document.body.innerText.split('Remember this voice on this device').length === number", arg=number
        )


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--audio", type=Path, default=ROOT / "tests" / "data" / "conversation.flac")
    parser.add_argument("--speakers", type=int, default=3)
    parser.add_argument("--live", type=float, default=43, help="when the picture of the running conversation is taken")
    parser.add_argument("--stop", type=float, default=91, help="when it is stopped")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, running_server() as address, sync_playwright() as playwright:
        samples, rate = soundfile.read(options.audio)
        heard = Path(folder) / "microphone.wav"
        soundfile.write(heard, soxr.resample(samples, rate, 48_000), 48_000, subtype="PCM_16")
        browser = launch(playwright, heard)
        page = browser.new_page(color_scheme="light", viewport=WIDE)
        page.goto(address)
        picture(page, options.out, options)
        browser.close()


if __name__ == "__main__":
    main()
