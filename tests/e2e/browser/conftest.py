"""A real Chromium before a real server with the default chain."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Playwright, sync_playwright

from support.known_conversation import DATA
from support.server_process import ServerProcess
from support.tracker_page import BEEPING_MICROPHONE, CHROMIUM, TrackerPage, launch, page_address, speaking_microphone


@pytest.fixture(scope="session")
def chromium() -> None:
    """Skips a test where there is no browser."""
    if CHROMIUM is None:
        message = "there is no Chromium; install your system's package, such as chromium"
        # In CI nothing may be skipped for want of one.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)


@pytest.fixture(scope="module")
def playwright(chromium: None) -> Iterator[Playwright]:  # noqa: ARG001 - skips where there is none
    """For a module only: while it runs, its event loop is the thread's, and no other can be."""
    with sync_playwright() as started:
        yield started


def _opener(playwright: Playwright, closing: ExitStack) -> Callable[..., TrackerPage]:
    def open_page(address: str, flags: Sequence[str] = BEEPING_MICROPHONE, **context: Any) -> TrackerPage:
        browser = closing.enter_context(launch(playwright, flags))
        page = TrackerPage(browser.new_context(**context).new_page())
        page.open(address)
        return page

    return open_page


@pytest.fixture
def open_page(playwright: Playwright) -> Iterator[Callable[..., TrackerPage]]:
    """Opens the page at an address, each time in a browser of its own, with flags of ``tracker_page`` for its microphone."""
    with ExitStack() as closing:
        yield _opener(playwright, closing)


@pytest.fixture(scope="module")
def open_lasting_page(playwright: Playwright) -> Iterator[Callable[..., TrackerPage]]:
    """As ``open_page``, for all tests of a module."""
    with ExitStack() as closing:
        yield _opener(playwright, closing)


@pytest.fixture
def page(open_page: Callable[..., TrackerPage], server: ServerProcess) -> TrackerPage:
    """The page of ``server``, with a microphone that beeps."""
    return open_page(page_address(server.url))


@pytest.fixture
def start_again(start_server: Callable[..., ServerProcess], unused_tcp_port: int) -> Callable[..., ServerProcess]:
    """Starts a server, and another one on the same port when it is called again."""

    def start(**settings: Any) -> ServerProcess:
        server = start_server("--port", str(unused_tcp_port), **settings)
        assert server.url
        return server

    return start


@pytest.fixture(scope="session")
def dialogue_microphone(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Flags of a microphone that hears the dialogue once."""
    return speaking_microphone(DATA / "dialogue.flac", tmp_path_factory.mktemp("microphone"))
