"""``speaker-tracker stream mic``: the real PortAudio, on ALSA devices that record what a test feeds them, for lack of a microphone.

What such devices cannot do, such as refusing a sample rate or losing audio, is done by a small module in the place of sounddevice.
"""

import asyncio
import ctypes.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from speaker_tracker.cli.stream import microphone
from speaker_tracker.cli.stream.microphone import Microphone, MicrophoneError
from speaker_tracker.client import Gap
from support.needed_programs import lacking
from support.terminal import Terminal

BLOCK = 3200
FASTER = 8
"""Than it is spoken."""
SILENT_BYTES = 3 * 32_000
"""Before the conversation: PortAudio opens devices more than once, and what was fed when it tries them is lost or comes again."""

ALSA = """
pcm.talk {{
    type file
    slave.pcm {{ type null }}
    file /dev/null
    infile {pipe}
    format raw
}}
pcm.!default {{ type plug slave.pcm talk }}
"""


class Recording(threading.Thread):
    """Feeds the devices with PCM, and with silence behind it, whenever one of them is open."""

    def __init__(self, pipe, pcm):
        super().__init__(daemon=True)
        self.pipe, self.pcm = pipe, pcm
        self.over = False
        os.mkfifo(pipe)

    def run(self):
        while not self.over:
            with self.pipe.open("wb", buffering=0) as pipe:
                try:
                    self.feed(pipe)
                except BrokenPipeError:
                    continue

    def feed(self, pipe):
        position = 0
        while not self.over:
            block = self.pcm[position : position + BLOCK]
            pipe.write(block.ljust(BLOCK, b"\0"))
            position += BLOCK
            time.sleep(BLOCK / 32_000 / FASTER)

    def end(self):
        self.over = True
        os.close(os.open(self.pipe, os.O_RDONLY | os.O_NONBLOCK))  # where it waits for a device to be opened
        self.join(30)


@pytest.fixture
def sound_card(conversation, tmp_path, monkeypatch):
    """Two devices for PortAudio, ``talk`` and ``default``, that record the conversation."""
    if ctypes.util.find_library("portaudio") is None:
        lacking("the PortAudio library is not installed (libportaudio2)")
    pytest.importorskip("sounddevice")
    pcm = bytes(SILENT_BYTES) + soundfile.read(conversation, dtype="int16")[0].tobytes()
    (tmp_path / "alsa.conf").write_text(ALSA.format(pipe=tmp_path / "sound"))
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    recording = Recording(tmp_path / "sound", pcm)
    recording.start()
    yield
    recording.end()


def command(*arguments):
    return [sys.executable, "-m", "speaker_tracker", "stream", *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.usefixtures("scripted_chain", "sound_card")
@pytest.mark.parametrize("device", [[], ["--device", "talk"], ["--device", "0"]])
def test_what_a_device_records_is_tracked_until_ctrl_c(scripted_server, device):
    url = scripted_server.url
    streaming = subprocess.Popen(command("mic", "--url", url, *device), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    times = {}
    while times.get("1", 0) < 1900:
        times = json.loads(streaming.stdout.readline()).get("speakingTimeMs", times)
    streaming.send_signal(signal.SIGINT)
    printed, told = streaming.communicate(timeout=60)
    assert (streaming.returncode, told) == (0, "")
    report = json.loads(printed.splitlines()[-1])
    assert [speaker["id"] for speaker in report["speakers"]] == [0, 1]
    assert [speaker["totalTimeMs"] for speaker in report["speakers"]] == pytest.approx([1000, 2000], abs=150)


@pytest.mark.usefixtures("scripted_chain", "sound_card")
def test_the_live_view_tells_the_device_and_how_to_end(scripted_server, tmp_path):
    terminal = Terminal(command("mic", "--url", scripted_server.url, "--rttm", tmp_path / "a.rttm"), columns=100)
    terminal.shows("microphone (default)", "Ctrl-C ends it", "   speaker 0")
    terminal.press_ctrl("c")
    assert terminal.wait() == 0
    assert (tmp_path / "a.rttm").read_text().startswith("SPEAKER microphone 1 ")


@pytest.mark.usefixtures("sound_card")
def test_devices_are_listed_and_a_wrong_one_is_reported_with_the_existing_ones():
    listed = run("--list-devices")
    assert (listed.returncode, listed.stdout) == (0, "    0  talk\n*   1  default\n")

    for name in ("studio", "7"):
        wrong = run("mic", "--device", name)
        assert wrong.returncode == 1
        assert wrong.stderr == f"Error: there is no microphone {name!r}; choose one with --device: 0: talk; 1: default\n"

    several = run("mic", "--device", "t")
    assert several.returncode == 1
    assert several.stderr == (
        "Error: several microphones have 't' in their names; choose one by its number with --device: 0: talk; 1: default\n"
    )


def test_a_device_without_the_microphone_is_wrong_usage(conversation):
    result = CliRunner().invoke(main, ["stream", str(conversation), "--device", "0"])
    assert result.exit_code == 2
    assert "write mic in the place of AUDIO" in result.stderr


# -- with a module in the place of sounddevice -----------------------------------------------------------------------------------


class PortAudioError(Exception):
    pass


class FakeStream:
    """Calls back with ``blocks`` of samples and whether audio was lost before them, from a thread of its own."""

    blocks = ()

    def __init__(self, **options):
        self.options = options
        FakeStream.opened = self

    def start(self):
        self.player = threading.Thread(target=self.play, daemon=True)
        self.player.start()

    def play(self):
        for samples, overflow in self.blocks:
            self.options["callback"](np.asarray(samples, np.int16).tobytes(), 0, None, SimpleNamespace(input_overflow=overflow))

    def close(self, *, ignore_errors):
        assert ignore_errors
        self.closed = True


@pytest.fixture
def fake(monkeypatch):
    """A machine with one device; ``usable``: (rate, channels) that it takes."""
    module = SimpleNamespace(
        devices=[{"index": 0, "name": "fake", "max_input_channels": 2, "default_samplerate": 48_000.0}],
        usable={(16_000, 1)},
        default=SimpleNamespace(device=[0, 0]),
        PortAudioError=PortAudioError,
        RawInputStream=FakeStream,
    )

    def query_devices(_device=None, kind=None):
        if kind is None:
            return module.devices
        if not module.devices:
            raise PortAudioError("Error querying device -1")
        return module.devices[0]

    def check_input_settings(_device, channels, _dtype, samplerate):
        if (samplerate, channels) not in module.usable:
            raise PortAudioError("Invalid sample rate", -9997)

    module.query_devices, module.check_input_settings = query_devices, check_input_settings
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    monkeypatch.setattr(FakeStream, "blocks", [])
    return module


async def recorded(device, blocks):
    """The first ``blocks`` frames, then the rest after it is stopped."""
    frames = []
    async for frame in device.frames():
        frames.append(np.frombuffer(frame, "<i2"))
        if len(frames) == blocks:
            device.stop()
    return np.concatenate(frames)


async def test_a_device_of_another_rate_and_stereo_is_resampled_and_averaged(fake, monkeypatch):
    fake.usable = {(48_000, 2)}
    tone = 10_000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    stereo = np.stack([tone * 1.5, tone * 0.5], axis=1).reshape(10, -1)
    monkeypatch.setattr(FakeStream, "blocks", [(block, False) for block in stereo])

    heard = await recorded(Microphone(), 10)

    wanted = 10_000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert len(heard) > 15_000
    assert np.abs(heard[500:-500] - wanted[: len(heard)][500:-500]).max() < 100
    options = FakeStream.opened.options
    assert (options["samplerate"], options["channels"], options["blocksize"]) == (48_000, 2, 4800)
    assert FakeStream.opened.closed


async def test_channels_in_opposite_phase_do_not_cancel_and_are_reported(fake, monkeypatch):
    fake.usable = {(48_000, 2)}
    tone = 10_000 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    stereo = np.stack([tone, -tone], axis=1).reshape(20, -1)
    monkeypatch.setattr(FakeStream, "blocks", [(block, False) for block in stereo])
    device = Microphone()

    heard = await recorded(device, 20)

    assert np.abs(heard[6400:]).max() > 9900
    assert device.notes == [
        "the microphone 'fake' has channels in opposite phase, which would cancel each other: channel 2 inverted for 1.8 s"
    ]


async def test_audio_that_the_machine_lost_is_counted_and_reported(fake, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(FakeStream, "blocks", [([1] * 1600, overflow) for overflow in (False, True, True)])
    device = Microphone()
    assert device.notes == []
    await recorded(device, 3)
    assert device.notes == ["this machine did not keep up with the microphone: audio was lost 2 times"]


async def test_audio_that_a_slow_server_does_not_accept_is_left_out_and_reported(fake, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(microphone, "HELD_FRAMES", 5)
    monkeypatch.setattr(FakeStream, "blocks", [([number] * 1600, False) for number in range(20)])
    device = Microphone()
    frames = device.frames()
    first = await anext(frames)
    await asyncio.to_thread(FakeStream.opened.player.join)
    device.stop()
    rest = [frame async for frame in frames]
    heard = [int(np.frombuffer(frame, "<i2")[0]) for frame in (first, *rest)]
    assert heard in ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5])  # the first may be taken before the last that fits comes
    left_out = (20 - len(heard)) / 10
    assert device.notes == [f"the server was away, or did not keep up with the microphone: {left_out} s of audio were left out"]


async def test_audio_that_was_left_out_is_a_gap_before_what_follows(fake, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(microphone, "HELD_FRAMES", 5)
    monkeypatch.setattr(FakeStream, "blocks", [])
    device = Microphone()
    for number in range(9):
        device._take(np.full((1600, 1), number, np.int16), overflowed=False)
    assert [int(device._blocks.get_nowait()[0, 0]) for _ in range(5)] == [0, 1, 2, 3, 4]
    device._take(np.full((1600, 1), 9, np.int16), overflowed=False)
    assert device._blocks.get_nowait() == Gap(400)
    assert int(device._blocks.get_nowait()[0, 0]) == 9


async def test_a_stall_of_the_device_is_a_gap(fake, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(FakeStream, "blocks", [])
    device = Microphone()
    block = np.zeros((1600, 1), np.int16)
    frames = device.frames()
    for seconds in (0, 0, 1.5):
        asyncio.get_running_loop().call_later(seconds, device._take, block, False)
        came = await anext(frames)
        if seconds:
            assert isinstance(came, Gap)
            assert came.ms >= 1350
            assert len(await anext(frames)) == 3200
    device.stop()
    assert [frame async for frame in frames] == []


async def test_a_device_that_delivers_nothing_any_more_is_reported(fake, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(microphone, "SILENT_SECONDS", 0.1)
    with pytest.raises(MicrophoneError, match=r"the microphone 'fake' has given nothing for 0\.1 s; is it gone\?"):
        await recorded(Microphone(), 1)
    assert FakeStream.opened.closed


def test_a_device_that_accepts_no_format_is_reported(fake):
    fake.usable = set()
    with pytest.raises(MicrophoneError, match="the microphone 'fake' cannot be used: Invalid sample rate"):
        Microphone()


def test_a_machine_without_a_device_is_reported(fake):
    fake.devices = []
    with pytest.raises(MicrophoneError, match="there is no microphone: PortAudio finds no device to record from"):
        Microphone()
    assert CliRunner().invoke(main, ["stream", "--list-devices"]).stdout == "There is no device to record from.\n"


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = CliRunner().invoke(main, ["stream", "mic"])
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: the microphone needs sounddevice, which is not installed; run: pip install 'speaker-tracker[mic]'\n",
    )


@pytest.mark.parametrize("arguments", [["mic"], ["--list-devices"]])
def test_missing_portaudio_is_reported_with_its_package(tmp_path, monkeypatch, arguments):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")  # as the package does then
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: the microphone needs the PortAudio library, which is not installed; "
        "on Debian and Ubuntu: apt install libportaudio2\n"
    )
