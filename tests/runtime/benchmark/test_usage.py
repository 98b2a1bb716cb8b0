import os
import time

import pytest

from speaker_tracker.benchmark.usage import Memory, Usage, machine_busy_seconds, process_memory, process_usage, total

FIRST = Usage(2.0, 0.5, {"vad": 0.5, "embedding": 1.0}, 10.0, 2, Memory(100, 80))
SECOND = Usage(5.0, 1.0, {"vad": 1.0, "embedding": 2.5}, 40.0, 3, Memory(120, 90))


def test_the_difference_of_two_readings_has_the_memory_of_now():
    assert SECOND.since(FIRST) == Usage(3.0, 0.5, {"vad": 0.5, "embedding": 1.5}, 30.0, 3, Memory(120, 90))


def test_stages_and_the_rest_add_up_to_all():
    used = SECOND.since(FIRST)
    assert used.cpu_per_audio == pytest.approx(0.1)
    assert used.stages_per_audio == pytest.approx({"vad": 0.5 / 30, "embedding": 0.05})
    assert sum(used.stages_per_audio.values()) + used.rest_per_audio == pytest.approx(used.cpu_per_audio)


def test_without_audio_there_is_no_cost_of_it():
    used = Usage(cpu_seconds=1.0, stages={"vad": 0.5})
    assert (used.cpu_per_audio, used.rest_per_audio, used.stages_per_audio) == (None, None, {})


def test_processes_add_up():
    both = total([FIRST, SECOND, Usage(cpu_seconds=1.0)])
    assert both == Usage(8.0, 1.5, {"vad": 1.5, "embedding": 3.5}, 50.0, 5, Memory(220, 170))
    assert total([]) == Usage()


def test_the_cpu_time_of_another_process_is_read_from_the_system():
    used = process_usage(os.getpid())
    assert used.cpu_seconds == pytest.approx(time.process_time(), abs=0.1)
    assert 0 <= used.system_seconds <= used.cpu_seconds
    assert process_usage(2**22 + 1) == Usage()


def test_memory_that_processes_share_counts_once_in_what_they_take_together():
    memory = process_memory()
    assert memory is not None
    assert 0 < memory.proportional <= memory.resident
    assert process_memory(2**22 + 1) is None


def test_the_machine_tells_how_long_its_cores_have_worked():
    before = machine_busy_seconds()
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert machine_busy_seconds() >= before + 0.05
