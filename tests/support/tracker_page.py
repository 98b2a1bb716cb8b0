"""The page of a server in a real Chromium, as a person uses it."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import soundfile
import soxr
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_MS = 90_000
"""For what a loaded machine may take long for."""

NO_MICROPHONE = ("--use-fake-ui-for-media-stream", "--disable-audio-input")
DENIED_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny")
BEEPING_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

expect.set_options(timeout=PATIENCE_MS)


def speaking_microphone(audio: Path, folder: Path) -> tuple[str, ...]:
    """Flags of a microphone that hears ``audio`` once; what Chromium reads is made in ``folder``."""
    samples, rate = soundfile.read(audio)
    heard = folder / "microphone.wav"
    soundfile.write(heard, soxr.resample(samples, rate, 48_000), 48_000, subtype="PCM_16")
    return (*BEEPING_MICROPHONE, f"--use-file-for-fake-audio-capture={heard}%noloop")


def launch(playwright: Playwright, flags: Sequence[str] = BEEPING_MICROPHONE) -> Browser:
    """Chromium, without a window."""
    # Containers and CI run as root, where Chromium's sandbox does not start; it sees no page but ours.
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", *flags]
    return playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)


def page_address(url: str) -> str:
    """The page's address, from that of the WebSocket."""
    return url.replace("ws", "http", 1).removesuffix("ws/session")


class TrackerPage:
    """What a person does on the page and sees there.

    ``complaints``: errors in the browser's console. ``requests``: addresses of all requests. ``frames_sent``: lengths of binary
    frames, and the texts between them.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.frames_sent: list[int | str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._on_request)
        page.on("websocket", self._on_websocket)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} {message.location}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_websocket(self, websocket: Any) -> None:
        self.requests.append(websocket.url)
        websocket.on("framesent", lambda frame: self.frames_sent.append(frame if isinstance(frame, str) else len(frame)))

    def open(self, address: str) -> None:
        """Opens the page at ``address``, and waits until it is ready."""
        self.page.goto(address)
        expect(self.page.locator("#setup")).to_be_visible()

    # -- what a person does ------------------------------------------------------------------------------------------------------

    def choose(self, *, speakers: int | None = None, fast: bool = False, file: Path | None = None) -> None:
        if file is not None:
            self.page.get_by_label("Sound file", exact=True).check()
            self.page.locator("#file").set_input_files(file)
            self.page.get_by_label("As fast as it goes" if fast else "As it is spoken, aloud").check()
        if speakers is not None:
            self.page.get_by_role("group", name="How many people speak?").get_by_label(str(speakers)).check()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def start(self) -> None:
        self.press("Start")
        self.expect_state("running")

    def rename(self, number: int, name: str) -> None:
        field = self.page.get_by_label(f"Name of speaker {number}")
        field.fill(name)
        field.press("Enter")

    def save(self, button: str, folder: Path) -> Path:
        """Downloads the report; the file is named as the page named it."""
        with self.page.expect_download() as caught:
            self.press(button)
        file = folder / caught.value.suggested_filename
        caught.value.save_as(file)
        return file

    def saved_json(self, folder: Path) -> dict[str, Any]:
        return json.loads(self.save("JSON", folder).read_text(encoding="utf-8"))

    # -- what a person sees ------------------------------------------------------------------------------------------------------

    def expect_state(self, *states: str) -> None:
        """Waits until the connection is in one of these states."""
        self.page.wait_for_function(
            "states => states.includes(document.getElementById('connection').dataset.state)", arg=list(states)
        )

    def expect_report(self) -> None:
        expect(self.page.get_by_role("heading", name="Report")).to_be_visible()

    def expect_notice(self, code: str, *words: str) -> None:
        """Waits for the notice of this problem, in which ``words`` stand."""
        notice = self.page.locator(f".notice[data-code={code}]")
        expect(notice).to_be_visible()
        for word in words:
            expect(notice).to_contain_text(word)

    def expect_elapsed(self, seconds: float) -> None:
        """Waits until so much has been heard."""
        self.page.wait_for_function(
            """seconds => {
              const text = document.getElementById("elapsed").textContent.split(" / ")[0];
              return text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0) >= seconds;
            }""",
            arg=seconds,
        )

    def expect_labelled(self, number: int) -> None:
        """Waits until this speaker has any time."""
        expect(self.page.locator(f".speaker[data-number='{number}']")).to_be_visible()

    @property
    def origins_asked(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.requests if not url.startswith(("blob:", "data:"))}
