import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from speaker_tracker.benchmark.marks import marked
from speaker_tracker.benchmark.sampler import Profile, Sampler, supported
from speaker_tracker.benchmark.stack_kinds import Wait, Work, wait_of, work_of

needs_clocks = pytest.mark.skipif(not supported(), reason="threads have no clocks of their own here")


def for_a_while(seconds, call):
    """Calls again and again until this thread has taken so much CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        call()


def profile_of(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    sampler = Sampler()
    sampler.start()
    time.sleep(0.05)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sampler.end()


@needs_clocks
def test_cpu_time_is_counted_by_stage_and_by_what_it_is_spent_on():
    matrix = np.random.default_rng(0).random((80, 80))
    profile = profile_of(
        lambda: marked("assigner", for_a_while, 0.4, lambda: np.linalg.svd(matrix)),
        lambda: for_a_while(0.2, lambda: sum(range(1000))),
    )
    assert sum(seconds for (place, _), seconds in profile.work.items() if place == "assigner") == pytest.approx(0.4, abs=0.1)
    numpy, python = profile.work.get(("assigner", Work.NUMPY), 0.0), profile.work.get((None, Work.PYTHON), 0.0)
    assert numpy == pytest.approx(0.4, abs=0.15)
    assert python == pytest.approx(0.2, abs=0.1)


@needs_clocks
def test_work_that_is_over_before_it_is_looked_at_counts_to_its_stage():
    def in_short_pieces():
        for _ in range(60):
            marked("decoder", for_a_while, 0.002, lambda: sum(range(100)))
            time.sleep(0.008)

    profile = profile_of(in_short_pieces)
    assert sum(seconds for (place, _), seconds in profile.work.items() if place == "decoder") == pytest.approx(0.12, rel=0.3)


@needs_clocks
def test_a_thread_that_waits_for_a_lock_is_told_from_one_that_has_nothing_to_do():
    lock = threading.Lock()

    def waits():
        with lock:
            pass

    lock.acquire()
    threading.Timer(0.4, lock.release).start()
    profile = profile_of(lambda: marked("embedding", threading.Event().wait, 0.4), waits)
    assert profile.waits[("embedding", Wait.THREAD)] == pytest.approx(0.4, abs=0.2)
    assert profile.waits[(None, Wait.THREAD)] >= 0.2
    assert not any(seconds > 0.1 for (place, _), seconds in profile.work.items() if place == "embedding")


@needs_clocks
def test_a_thread_of_a_pool_without_work_is_idle():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        profile = profile_of(lambda: time.sleep(0.3))
    assert profile.waits[(None, Wait.IDLE)] >= 0.2


@needs_clocks
def test_profiles_of_several_processes_add_up():
    one = Profile(2.0, {("vad", Work.MODEL): 1.0}, {(None, Wait.IDLE): 1.5}, 0.1, 0.01, 0.2)
    one.add(Profile(2.1, {("vad", Work.MODEL): 0.5, (None, Work.JSON): 0.2}, {(None, Wait.IDLE): 1.0}, 0.1, 0.01, None))
    assert one.work == {("vad", Work.MODEL): 1.5, (None, Work.JSON): 0.2}
    assert one.waits == {(None, Wait.IDLE): 2.5}
    assert (one.seconds, one.native_seconds, one.sampler_seconds, one.core_wait) == (2.1, 0.2, 0.02, 0.2)


def frame_in(module, source):
    """The frame of a function ``at`` of a made-up module, looked at from within: ``look`` gives it out."""
    found = []
    space = {"__name__": module, "look": lambda *_: found.append(sys._getframe(1)), "np": np}
    exec(compile(source, f"<{module}>", "exec"), space)
    space["at"]()
    return found[0]


def test_a_library_tells_what_work_is():
    source = "def at():\n    look()"
    assert work_of(frame_in("torch.nn.modules.module", source)) is Work.MODEL
    assert work_of(frame_in("sklearn.cluster._kmeans", source)) is Work.NUMPY
    assert work_of(frame_in("json.decoder", source)) is Work.JSON
    assert work_of(frame_in("wsproto.frame_protocol", source)) is Work.SOCKETS
    assert work_of(frame_in("concurrent.futures.thread", source)) is Work.THREADS
    assert work_of(frame_in("somewhere.else", source)) is Work.PYTHON


def test_functions_that_wait_are_known():
    idle = frame_in("selectors", "def select():\n    look()\nat = select")
    assert wait_of(idle, in_stage=False) is Wait.IDLE
    lock = frame_in("threading", "def acquire():\n    look()\nat = acquire")
    assert wait_of(lock, in_stage=True) is Wait.THREAD
    assert wait_of(frame_in("speaker_tracker.engine.pipeline", "def at():\n    look()"), in_stage=True) is Wait.TURN


def test_the_expression_tells_what_our_own_code_calls(tmp_path, monkeypatch):
    lines = ["def products(look, np, a):", "    return np.exp(look(a))", "", "def plain(look, a):", "    return abs(look(a))", ""]
    (tmp_path / "own_code.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    import own_code  # noqa: PLC0415

    own_code.__name__ = "speaker_tracker_stages.own_code"
    found = []

    def look(value):
        found.append(work_of(sys._getframe(1)))
        return value

    class Exp:
        """Looks while the expression ``np.exp(...)`` is evaluated."""

        @staticmethod
        def exp(_):
            found.append(work_of(sys._getframe(1)))
            return 1

    own_code.products(lambda value: value, Exp, 1)
    own_code.plain(look, 1)
    assert found == [Work.NUMPY, Work.PYTHON]
