"""One model shared by many threads: what is batched with what, and who gets which result."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from speaker_tracker.engine.inference import SharedInference

PATIENCE = 30


class Model:
    """Doubles numbers; notes its batches, and waits in its first call until told to go on."""

    def __init__(self, *, hold_first: bool = False, bad: Sequence[int] = ()):
        self.batches = []
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.bad = bad
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        if not hold_first:
            self.go_on.set()

    def __call__(self, inputs):
        with self._lock:
            self.batches.append(list(inputs))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.entered.set()
        assert self.go_on.wait(PATIENCE)
        with self._lock:
            self.at_once -= 1
        for item in inputs:
            if item in self.bad:
                raise ValueError(f"cannot double {item}")
        return [2 * item for item in inputs]


@contextmanager
def callers(shared: SharedInference):
    """Calls ``shared`` from threads of their own; ``call(..., waiting=n)`` returns once n inputs wait."""
    with ThreadPoolExecutor(64) as threads:

        def call(*inputs, waiting=None):
            future = threads.submit(shared, inputs)
            if waiting is not None:
                pause = threading.Event()
                while len(shared._waiting) < waiting:
                    pause.wait(0.001)
            return future

        yield call


def test_results_come_in_the_order_of_inputs():
    assert SharedInference(Model())([3, 1, 2]) == [6, 2, 4]


def test_no_inputs_give_no_results_and_no_call():
    model = Model()

    assert SharedInference(model)([]) == []
    assert model.batches == []


def test_lone_input_does_not_wait_for_others():
    model = Model()

    assert SharedInference(model)([1]) == [2]
    assert model.batches == [[1]]


def test_inputs_that_wait_during_a_call_share_the_next_one():
    model = Model(hold_first=True)
    shared = SharedInference(model)
    with callers(shared) as call:
        first = call(1)
        assert model.entered.wait(PATIENCE)
        others = [call(2, waiting=1), call(3, 4, waiting=3), call(5, waiting=4)]
        model.go_on.set()

        assert first.result(PATIENCE) == [2]
        assert [other.result(PATIENCE) for other in others] == [[4], [6, 8], [10]]
    assert model.batches == [[1], [2, 3, 4, 5]]


def test_batch_holds_no_more_than_its_limit():
    model = Model(hold_first=True)
    shared = SharedInference(model, max_batch=2)
    with callers(shared) as call:
        first = call(0)
        assert model.entered.wait(PATIENCE)
        rest = call(1, 2, 3, 4, 5, waiting=5)
        model.go_on.set()

        assert first.result(PATIENCE) == [0]
        assert rest.result(PATIENCE) == [2, 4, 6, 8, 10]
    assert model.batches == [[0], [1, 2], [3, 4], [5]]


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_calls_run_at_once_than_allowed(parallel):
    model = Model()
    shared = SharedInference(model, parallel=parallel, max_batch=1)
    with callers(shared) as call:
        futures = [call(*range(10)) for _ in range(20)]
        for future in futures:
            assert future.result(PATIENCE) == [2 * item for item in range(10)]
    assert 1 <= model.most_at_once <= parallel


def test_second_call_runs_beside_the_first_where_two_are_allowed():
    both_in = threading.Barrier(2, timeout=PATIENCE)

    def meet(inputs):
        both_in.wait()
        return inputs

    shared = SharedInference(meet, parallel=2)
    with callers(shared) as call:
        assert [future.result(PATIENCE) for future in (call(1), call(2))] == [[1], [2]]


def test_failure_reaches_only_whom_it_concerns():
    model = Model(hold_first=True, bad=[3])
    shared = SharedInference(model)
    with callers(shared) as call:
        first = call(1)
        assert model.entered.wait(PATIENCE)
        good, bad, also_good = call(2, waiting=1), call(3, waiting=2), call(4, waiting=3)
        model.go_on.set()

        assert first.result(PATIENCE) == [2]
        assert good.result(PATIENCE) == [4]
        assert also_good.result(PATIENCE) == [8]
        with pytest.raises(ValueError, match="cannot double 3"):
            bad.result(PATIENCE)


def test_model_goes_on_working_after_a_failure():
    shared = SharedInference(Model(bad=[3]))

    with pytest.raises(ValueError, match="cannot double 3"):
        shared([3])

    assert shared([4]) == [8]


def test_model_that_loses_a_result_is_found_out():
    with pytest.raises(RuntimeError, match="0 results for 1 inputs"):
        SharedInference(lambda _inputs: [])([1])


def test_many_threads_get_each_their_own_results():
    shared = SharedInference(Model(), parallel=2, max_batch=7)
    with callers(shared) as call:
        futures = {base: call(*range(base, base + 5)) for base in range(0, 2000, 5)}
        for base, future in futures.items():
            assert future.result(PATIENCE) == [2 * item for item in range(base, base + 5)]
