"""The live view of ``stream``, on a terminal of its own, with a real server."""

import os
import re
import sys
from io import StringIO

import pytest
from rich.console import Console

from speaker_tracker.cli.stream.live_view import LiveView
from speaker_tracker.cli.stream.source import FileSource
from speaker_tracker.protocol import SegmentMessage, SpeakerMessage, TimelineMessage
from support.terminal import Terminal, speaker_tracker

pytestmark = pytest.mark.usefixtures("scripted_chain")


@pytest.fixture
def talk(write_audio):
    """Long enough that each of its parts can be seen while it is sent as fast as it is spoken."""
    return write_audio("talk.wav", [(1, None), (3, 0), (4, 1), (60, 0)])


@pytest.fixture
def view(scripted_server, talk):
    """Shows the talk on a terminal of 60 columns."""
    opened = []

    def show(*arguments, audio=talk, **options):
        opened.append(speaker_tracker("stream", audio, "--url", scripted_server.url, *arguments, **{"columns": 60, **options}))
        return opened[-1]

    yield show
    for terminal in opened:
        terminal.close()


def test_who_speaks_now_how_long_each_has_and_how_far_it_is(view):
    terminal = view("--realtime")
    terminal.shows("SPEAKER 0  speaks")
    lines = (
        r"^   0:01\.0 -    0:04\.0   speaker 0$",
        r"^  speaker 0  ━+.*  0:03\.0  +\d+ %$",
        r"^▶ speaker 1  ━+.*  0:0\d\.\d  +\d+ %$",
        r"^talk\.wav  0:0\d of 1:08  .*\d\.\dx$",
    )
    patterns = [re.compile(line, re.MULTILINE) for line in lines]
    screen = terminal.shows("SPEAKER 1  speaks", "connected · ws://127.0.0.1:", *patterns)
    assert max(map(len, screen.splitlines())) <= 60


def test_at_the_end_the_view_gives_way_to_turns_and_a_table(view):
    terminal = view()
    assert terminal.wait() == 0
    screen = terminal.screen
    assert "   0:01.0 -    0:04.0   speaker 0\n   0:04.0 -    0:08.0   speaker 1\n   0:08.0 -    1:08.0   speaker 0\n" in screen
    assert "speaker 0   1:03.0    94 %" in screen
    assert "Speech was labelled 0.25 s after it was heard" in screen
    assert not {"SPEAKER", "━", "connected"} & set(re.split(r"\s+", screen))
    assert terminal.raw.endswith(b"\n")
    assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")  # the cursor is there again


def test_all_who_speak_at_once_are_shown_as_speaking(talk):
    console = Console(file=StringIO(), width=60, force_terminal=True, color_system=None, legacy_windows=False)
    view = LiveView(FileSource(talk), "ws://127.0.0.1/ws/session", console)

    def screen():
        with console.capture() as captured:
            console.print(view)
        return captured.get()

    view.received(SpeakerMessage(currentSpeakerId=1, speakingTimeMs={0: 2000, 1: 2400, 2: 400}))
    assert "SPEAKER 1  speaks" in screen()
    labels = [(0, 2000, 0), (0, 2400, 1), (2000, 2400, 2)]
    segments = [SegmentMessage(startMs=start, endMs=end, speakerId=speaker) for start, end, speaker in labels]
    view.received(TimelineMessage(audioMs=3000, segments=segments))
    shown = screen()
    assert "SPEAKER 1 and SPEAKER 2  speak\n" in re.sub(" +\n", "\n", shown)
    assert re.findall(r"^(.) speaker (\d)", shown, re.MULTILINE) == [(" ", "0"), ("▶", "1"), ("▶", "2")]


def test_those_who_are_recognized_have_their_names(talk):
    console = Console(file=StringIO(), width=60, force_terminal=True, color_system=None, legacy_windows=False)
    view = LiveView(FileSource(talk), "ws://127.0.0.1/ws/session", console)
    view.received(SpeakerMessage(currentSpeakerId=1, speakingTimeMs={0: 2000, 1: 2400}, currentName="Anna"))
    with console.capture() as captured:
        console.print(view)
    shown = captured.get()
    assert "Anna  speaks" in shown
    assert re.search(r"^  speaker 0 .*0:02\.0", shown, re.MULTILINE)
    assert re.search(r"^▶ Anna .*0:02\.4", shown, re.MULTILINE)


def test_without_colour_the_current_speaker_has_a_mark(view):
    terminal = view("--realtime", NO_COLOR="1")
    terminal.shows("SPEAKER 0  speaks", re.compile("^▶ speaker 0 ", re.MULTILINE))
    assert not re.search(rb"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;5;\d+)m", terminal.raw)


def test_a_terminal_of_plain_letters_is_served(view):
    terminal = view("--realtime", PYTHONIOENCODING="ascii")
    screen = terminal.shows(">  SPEAKER 0  speaks", "> speaker 0  ---")
    assert screen.isascii()


def test_a_dumb_terminal_gets_lines_alone(view):
    terminal = view(TERM="dumb")
    assert terminal.wait() == 0
    assert "0:04.0 -    0:08.0   speaker 1" in terminal.screen
    assert b"\x1b" not in terminal.raw


@pytest.mark.parametrize(("columns", "lines"), [(40, 8), (20, 4), (200, 50)])
def test_any_size_of_terminal_is_served(view, columns, lines):
    terminal = view(columns=columns, lines=lines)
    assert terminal.wait() == 0
    assert "Speech was" in terminal.screen.replace("\n", " ") or lines < 8


def test_a_missing_server_is_reported_on_a_restored_screen(talk, unused_tcp_port):
    terminal = speaker_tracker("stream", talk, "--url", f"ws://127.0.0.1:{unused_tcp_port}/ws/session", columns=160)
    assert terminal.wait() == 1
    assert terminal.screen == (
        f"Error: ws://127.0.0.1:{unused_tcp_port}/ws/session cannot be reached: connection refused; is the server running?"
    )


def test_a_token_in_the_address_is_not_shown(start_server, talk):
    url = f"{start_server(tokens=['sesame']).url}?token=sesame"
    terminal = speaker_tracker("stream", talk, "--realtime", "--url", url, columns=160)
    assert "sesame" not in terminal.shows("connected", "SPEAKER 0")
    terminal.close()


def test_ctrl_c_leaves_a_usable_terminal(view):
    terminal = view("--realtime")
    terminal.shows("SPEAKER 0")
    terminal.press_ctrl("c")
    assert terminal.wait() == 130
    assert terminal.screen.endswith("Interrupted.")
    assert "SPEAKER" not in terminal.screen


def test_of_standard_input_there_is_the_time_and_ctrl_c_brings_the_report(scripted_server, talk, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = f"exec {sys.executable} -m speaker_tracker stream - --url {scripted_server.url} < {pipe}"
    terminal = Terminal(["bash", "-c", command], columns=100)
    with pipe.open("wb", buffering=0) as writing:
        writing.write(talk.read_bytes()[44 : 44 + 32_000 * 3])
        screen = terminal.shows("SPEAKER 0", "standard input  0:03", "Ctrl-C ends it")
        assert " of " not in screen
        terminal.press_ctrl("c")
        assert terminal.wait() == 0
    assert "speaker 0   0:02.0   100 %" in terminal.screen
