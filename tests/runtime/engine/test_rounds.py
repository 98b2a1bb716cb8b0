"""Rounds: what shares a model call, who is told what, models that wait, and threads that are given up."""

import threading
import time
from concurrent.futures import Future

import pytest

from speaker_tracker.engine.model_calls import ModelCall
from speaker_tracker.engine.rounds import RoundThread, Task

PATIENCE = 30
LONG = 3600.0


class Results:
    """Receiver of tasks; ``of(task)`` waits for one and gives its result or raises its error."""

    def __init__(self):
        self.done = {}
        self.handed_over = []

    def task(self, work, **how):
        task = Task(work, self, **how)
        self.done[task] = Future()
        return task

    def __call__(self, tasks):
        self.handed_over.append(list(tasks))
        for task in tasks:
            self.done[task].set_result(None)

    def of(self, task):
        self.done[task].result(PATIENCE)
        if task.error is not None:
            raise task.error
        return task.result


@pytest.fixture
def results():
    return Results()


@pytest.fixture
def open_thread():
    opened = []

    def open_one(gather_seconds=0.0, sessions=0):
        thread = RoundThread("test", gather_seconds)
        thread.sessions = sessions
        opened.append(thread)
        return thread

    yield open_one
    for thread in opened:
        thread.close()


def asking(*calls):
    """Work that makes ``calls`` one after the other and returns all results."""
    heard = []
    for call in calls:
        yield call
        if call.error is not None:
            raise call.error
        heard += call.results
    return heard


def noting(batches):
    def infer(inputs):
        batches.append(sorted(inputs))
        return [2 * item for item in inputs]

    return infer


def test_work_of_all_sessions_shares_the_calls_of_each_stage(results, open_thread):
    first, second = [], []
    early, late = noting(first), noting(second)
    thread = open_thread(LONG, sessions=3)
    tasks = [
        results.task(asking(ModelCall(0, early, [1]), ModelCall(4, late, [10]))),
        results.task(asking(ModelCall(4, late, [20]))),
        results.task(asking(ModelCall(0, early, [3]), ModelCall(0, early, [4]), ModelCall(4, late, [30]))),
    ]
    for task in tasks:
        thread.submit(task)

    assert [results.of(task) for task in tasks] == [[2, 20], [40], [6, 8, 60]]
    assert first == [[1, 3], [4]]
    assert second == [[10, 20, 30]]
    assert all(task.ended for task in tasks)


def test_work_waits_for_others_and_no_longer_than_it_is_worth(results, open_thread):
    batches = []
    model = noting(batches)
    thread = open_thread(0.2, sessions=9)
    begin = time.monotonic()
    tasks = [results.task(asking(ModelCall(0, model, [number]))) for number in (1, 2)]
    for task in tasks:
        thread.submit(task)
    assert [results.of(task) for task in tasks] == [[2], [4]]

    assert time.monotonic() - begin >= 0.2
    assert batches == [[1, 2]]


@pytest.mark.parametrize(("sessions", "at_once"), [(1, False), (9, True)])
def test_work_waits_for_nobody_where_there_is_nobody_or_it_is_in_a_hurry(results, open_thread, sessions, at_once):
    task = results.task(asking(), at_once=at_once)
    open_thread(LONG, sessions).submit(task)

    assert results.of(task) == []


def test_what_is_handed_out_before_the_end_comes_first(results, open_thread):
    def work():
        yield "first"
        return "last"

    thread, steps = open_thread(), work()
    first = results.task(steps)
    thread.submit(first)
    assert (results.of(first), first.ended) == ("first", False)
    last = results.task(steps)
    thread.submit(last)
    assert (results.of(last), last.ended) == ("last", True)


def test_a_failure_is_that_of_its_work_alone(results, open_thread):
    def failing():
        raise ZeroDivisionError
        yield

    thread = open_thread(LONG, sessions=2)
    bad, good = results.task(failing()), results.task(asking())
    thread.submit(bad)
    thread.submit(good)

    with pytest.raises(ZeroDivisionError):
        results.of(bad)
    assert results.of(good) == []


def test_a_model_that_waits_for_something_else_keeps_nobody(results, open_thread):
    entered, answer = threading.Event(), threading.Event()

    def far_away(inputs):
        entered.set()
        assert answer.wait(PATIENCE)
        return inputs

    thread = open_thread()
    far = results.task(asking(ModelCall(0, far_away, ["x"], waits=True)))
    thread.submit(far)
    assert entered.wait(PATIENCE)
    near = results.task(asking())
    thread.submit(near)

    assert results.of(near) == []
    assert thread.busy
    answer.set()
    assert results.of(far) == ["x"]


def test_work_that_has_not_begun_can_be_withdrawn(results, open_thread):
    thread = open_thread(LONG, sessions=9)
    task = results.task(asking())
    thread.submit(task)

    assert thread.withdraw(task)
    assert not thread.withdraw(task)
    assert not task.begun


class Stuck:
    """A model that does not return until it is let go."""

    def __init__(self):
        self.entered, self.let_go = threading.Event(), threading.Event()

    def __call__(self, inputs):
        self.entered.set()
        assert self.let_go.wait(PATIENCE)
        return inputs


def test_a_thread_that_is_given_up_leaves_the_work_of_others_whole(results, open_thread):
    stuck, batches = Stuck(), []
    thread = open_thread(LONG, sessions=2)
    caught = results.task(asking(ModelCall(0, stuck, [1])))
    later = noting(batches)
    parked = results.task(asking(ModelCall(3, later, [2])))
    thread.submit(caught)
    thread.submit(parked)
    assert stuck.entered.wait(PATIENCE)
    assert thread.stuck_for() > 0

    fresh = open_thread()
    mine, others = thread.give_up(fresh)
    assert (mine, others) == ([caught], [parked])
    for task in others:
        fresh.submit(task)

    assert results.of(parked) == [4]
    assert batches == [[2]]
    stuck.let_go.set()
    time.sleep(0.05)
    assert not results.done[caught].done()


def test_what_is_done_in_a_round_is_told_where_its_thread_is_given_up(results, open_thread):
    entered, let_go = threading.Event(), threading.Event()

    def hanging():
        entered.set()
        assert let_go.wait(PATIENCE)
        return "too late"
        yield

    thread = open_thread(LONG, sessions=2)
    quick, slow = results.task(asking()), results.task(hanging())
    thread.submit(quick)
    thread.submit(slow)
    assert entered.wait(PATIENCE)

    assert thread.give_up(open_thread()) == ([slow], [])
    assert results.of(quick) == []
    let_go.set()


def test_what_waits_for_a_model_elsewhere_outlives_the_thread(results, open_thread):
    far_away, hanging = Stuck(), Stuck()
    thread = open_thread()
    far = results.task(asking(ModelCall(0, far_away, ["x"], waits=True)))
    thread.submit(far)
    assert far_away.entered.wait(PATIENCE)
    caught = results.task(asking(ModelCall(0, hanging, ["y"])))
    thread.submit(caught)
    assert hanging.entered.wait(PATIENCE)

    assert thread.give_up(open_thread()) == ([caught], [])
    far_away.let_go.set()

    assert results.of(far) == ["x"]
    hanging.let_go.set()


def test_a_closed_thread_ends_and_takes_nothing(results, open_thread):
    thread = open_thread()
    thread.close()

    with pytest.raises(RuntimeError, match="no more work"):
        thread.submit(results.task(asking()))
