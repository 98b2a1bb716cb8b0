import numpy as np
import pytest

from speaker_tracker.audio.pcm import quantize
from speaker_tracker_stages.pcm_format.verdict import PIECE_BYTES, Verdict
from speaker_tracker_stages.pcm_format.watch import FormatWatch
from speaker_tracker_stages.pcm_format.wording import hint_code, sentence
from support.sounds import artificial, variants
from support.wrong_formats import HINTED, REFUSED, UNNOTICED

SOUNDS = artificial()
BLOCK = 1024


@pytest.fixture(scope="module")
def recording(conversation):
    return np.frombuffer(quantize(conversation.samples * 32_768), "<i2")


@pytest.fixture(scope="module")
def parts(recording):
    """Twenty stretches of ten seconds, which overlap."""
    return [recording[start : start + 160_000] for start in range(0, 20 * 64_000, 64_000)]


def look(data):
    watch = FormatWatch()
    return watch.feed(data) or watch.conclude()


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_format_is_named_in_each_part_of_a_recording(parts, name):
    what, convert = REFUSED[name]
    findings = [look(convert(part)) for part in parts]

    assert all(finding is not None and finding.is_sure for finding in findings)
    assert all(what in sentence(finding) for finding in findings)


@pytest.mark.parametrize("name", HINTED)
def test_a_suspicious_format_is_noticed_in_each_part_of_a_recording(parts, name):
    code, convert = HINTED[name]
    findings = [look(convert(part)) for part in parts]

    assert all(finding is not None and hint_code(finding.verdict) == code for finding in findings)


@pytest.mark.parametrize("name", UNNOTICED)
def test_a_rate_that_leaves_no_trace_is_not_guessed(parts, name):
    assert [look(UNNOTICED[name](part)) for part in parts] == [None] * len(parts)


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_in_the_right_format_are_right(name):
    assert look(SOUNDS[name].tobytes()) is None


def test_speech_over_lines_and_at_levels_of_all_kinds_is_right(parts):
    wrong = {name: found for part in parts for name, sound in variants(part).items() if (found := look(sound.tobytes()))}

    assert wrong == {}


@pytest.mark.parametrize("size", [1, 7, 640, BLOCK, 50_000])
def test_the_length_of_what_is_fed_does_not_matter(parts, size):
    data = REFUSED["float32"][1](parts[0])
    watch = FormatWatch()
    findings = [watch.feed(data[start : start + size]) for start in range(0, 8 * PIECE_BYTES, size)]

    assert [finding.verdict for finding in findings if finding] == [Verdict.FLOAT32]


@pytest.mark.parametrize("name", ["24 bits", "float64", "unsigned 8 bits"])
def test_a_restored_watch_goes_on(parts, name):
    what, convert = REFUSED[name]
    data = convert(parts[0])
    cut = 2 * PIECE_BYTES + BLOCK
    first, second = FormatWatch(), FormatWatch()
    assert first.feed(data[:cut]) is None
    second.restore(first.snapshot(), cut)

    found = second.feed(data[cut:])
    assert found is not None
    assert what in sentence(found)


def test_a_restored_watch_keeps_what_is_over(recording):
    first, second = FormatWatch(), FormatWatch()
    first.feed(recording.tobytes())
    second.restore(first.snapshot(), 2 * len(recording))

    assert second.is_over


def test_it_is_over_after_a_few_seconds_of_speech(recording):
    watch = FormatWatch()
    watch.feed(recording[: 15 * 16_000].tobytes())

    assert watch.is_over


def test_digital_silence_leaves_it_waiting(parts):
    silence = bytes(60 * 32_000)
    watch = FormatWatch()
    assert watch.feed(silence) is None
    assert not watch.is_over

    found = watch.feed(REFUSED["big-endian"][1](np.concatenate([*parts[:6]])))
    assert found is not None
    assert found.verdict is Verdict.BIG_ENDIAN


def test_a_state_has_no_bytes_of_the_audio(recording):
    watch = FormatWatch()
    watch.feed(recording[:3000].tobytes())

    assert watch.snapshot() == {"votes": {}, "undecided": 0, "is_over": False}


def test_a_short_session_is_judged_at_its_end(parts):
    data = REFUSED["big-endian"][1](parts[1])[: 3 * PIECE_BYTES - 2]
    watch = FormatWatch()
    assert watch.feed(data) is None

    found = watch.conclude()
    assert found is not None
    assert found.is_sure
    assert watch.conclude() is None
