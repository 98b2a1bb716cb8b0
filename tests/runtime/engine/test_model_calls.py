"""Calls of one model by many sessions: what is batched with what, who gets which result, and whose failure it is."""

import time

import pytest

from speaker_tracker.engine.model_calls import MAX_BATCH, ModelCall, answer_together, checked, run_alone


class Model:
    """Doubles numbers and notes its batches."""

    def __init__(self, bad=()):
        self.batches = []
        self.bad = bad

    def __call__(self, inputs):
        self.batches.append(list(inputs))
        for item in inputs:
            if item in self.bad:
                raise ValueError(f"cannot double {item}")
        return [2 * item for item in inputs]


def calls_of(model, *inputs):
    return [ModelCall(0, model, each) for each in inputs]


def test_calls_are_answered_in_one_batch_each_with_its_own_results():
    model = Model()
    calls = calls_of(model, [3], [1, 2], [4])

    answer_together(calls)

    assert model.batches == [[3, 1, 2, 4]]
    assert [call.results for call in calls] == [[6], [2, 4], [8]]
    assert all(call.answered and call.error is None for call in calls)


def test_no_batch_is_longer_than_the_bound_and_no_call_is_torn_apart():
    model = Model()
    calls = calls_of(model, *([number, number] for number in range(MAX_BATCH)))

    answer_together(calls)

    assert [len(batch) for batch in model.batches] == [MAX_BATCH, MAX_BATCH]
    assert [call.results for call in calls] == [[2 * number] * 2 for number in range(MAX_BATCH)]


def test_a_call_longer_than_the_bound_goes_by_itself():
    model = Model()
    calls = calls_of(model, [1], list(range(MAX_BATCH + 1)), [2])

    answer_together(calls)

    assert [len(batch) for batch in model.batches] == [1, MAX_BATCH + 1, 1]


def test_a_failure_is_told_to_the_call_that_caused_it_alone():
    calls = calls_of(Model(bad=[3]), [1], [3, 4], [2])

    answer_together(calls)

    assert [call.results for call in calls] == [[2], [], [4]]
    assert [str(call.error) for call in calls if call.error] == ["cannot double 3"]


def test_the_time_of_a_batch_is_shared_out_by_inputs():
    def slow(inputs):
        begin = time.thread_time()
        while time.thread_time() - begin < 0.02:
            pass
        return inputs

    calls = calls_of(slow, [1], [2, 3, 4])
    answer_together(calls)

    assert calls[1].seconds == pytest.approx(3 * calls[0].seconds)
    assert sum(call.seconds for call in calls) >= 0.02


def test_a_model_that_loses_results_is_found_out():
    with pytest.raises(RuntimeError, match="0 results for 1 inputs"):
        checked(lambda _inputs: [], [1])


def test_work_alone_gets_each_answer_before_it_goes_on():
    model = Model()

    def work():
        first = ModelCall(0, model, [1])
        yield first
        second = ModelCall(0, model, first.results)
        yield second
        return second.results

    assert run_alone(work()) == [4]
    assert model.batches == [[1], [2]]
