"""Steps in threads and inline, what a cancellation does to them, and stages that do not return."""

import asyncio
import threading
import time

import pytest

from speaker_tracker.engine.model_calls import ModelCall
from speaker_tracker.engine.rounds import RoundStuck
from speaker_tracker.server.steps import Step, StepRunner

PATIENCE = 30


@pytest.fixture
def open_runner():
    runners = []

    def open_one(*, cpu_heavy=True, gather_seconds=0.0, **settings):
        runners.append(StepRunner(cpu_heavy=cpu_heavy, threads=1, gather_seconds=gather_seconds, **settings))
        return runners[-1]

    yield open_one
    for runner in runners:
        runner.close()


def saying(*words, last="end"):
    yield from words
    return last


@pytest.mark.parametrize("cpu_heavy", [True, False])
async def test_steps_come_one_by_one_and_then_the_last(open_runner, cpu_heavy):
    steps = saying("a", "b")

    with open_runner(cpu_heavy=cpu_heavy).lane() as lane:
        assert [await lane.step(steps) for _ in range(3)] == [Step("a", last=False), Step("b", last=False), Step("end", last=True)]


@pytest.mark.parametrize("cpu_heavy", [True, False])
async def test_model_calls_are_answered(open_runner, cpu_heavy):
    def asking():
        call = ModelCall(0, lambda inputs: [2 * item for item in inputs], [1, 2])
        yield call
        return call.results

    with open_runner(cpu_heavy=cpu_heavy).lane() as lane:
        assert (await lane.step(asking())).output == [2, 4]


async def test_model_calls_of_sessions_are_answered_together(open_runner):
    batches = []

    def model(inputs):
        batches.append(sorted(inputs))
        return inputs

    def asking(item):
        yield ModelCall(0, model, [item])
        return item

    runner = open_runner(gather_seconds=3600)
    with runner.lane() as first, runner.lane() as second:
        await asyncio.gather(first.step(asking(1)), second.step(asking(2)))

    assert batches == [[1, 2]]


async def test_failure_of_a_step_reaches_its_task(open_runner):
    def failing():
        raise ZeroDivisionError
        yield

    with open_runner().lane() as lane:
        with pytest.raises(ZeroDivisionError):
            await lane.step(failing())
        assert (await lane.step(saying("works"))).output == "works"


class Held:
    """Steps that wait in their thread until released."""

    def __init__(self):
        self.entered, self.release = threading.Event(), threading.Event()
        self.finished = False

    def __iter__(self):
        return self

    def __next__(self):
        self.entered.set()
        assert self.release.wait(PATIENCE)
        self.finished = True
        return "done"


async def reached(event):
    await asyncio.to_thread(event.wait, PATIENCE)


async def test_cancelled_task_waits_for_its_step_however_often_it_is_cancelled(open_runner):
    held, runner = Held(), open_runner()
    with runner.lane() as lane:
        task = asyncio.create_task(lane.step(held))
        await reached(held.entered)
        assert runner.busy

        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        held.release.set()

        with pytest.raises(asyncio.CancelledError):
            await task
    assert held.finished


async def test_step_that_still_waits_for_a_thread_is_cancelled_at_once(open_runner):
    held, waiting, runner = Held(), Held(), open_runner()
    with runner.lane() as one, runner.lane() as other:
        first = asyncio.create_task(one.step(held, at_once=True))
        await reached(held.entered)
        second = asyncio.create_task(other.step(waiting))
        await asyncio.sleep(0)

        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        held.release.set()
        assert (await first).output == "done"
    assert not waiting.entered.is_set()


async def test_sessions_take_turns(open_runner):
    order = []

    def steps(name):
        for _ in range(3):
            order.append(name)
            yield name

    async def run(lane, name):
        mine = steps(name)
        while not (await lane.step(mine)).last:
            pass

    runner = open_runner(gather_seconds=3600)
    with runner.lane() as first, runner.lane() as second:
        await asyncio.gather(run(first, "a"), run(second, "b"))

    assert sorted(order[:2]) == sorted(order[2:4]) == sorted(order[4:]) == ["a", "b"]


async def test_sessions_are_spread_over_threads():
    runner = StepRunner(cpu_heavy=True, threads=2, gather_seconds=0.0)

    def where():
        return threading.current_thread().name
        yield

    with runner.lane() as first, runner.lane() as second:
        names = [(await lane.step(where())).output for lane in (first, second)]
    runner.close()

    assert len(set(names)) == 2


async def test_lag_is_what_a_step_takes_unless_its_audio_lasts_longer(open_runner):
    noted = []

    def slow():
        time.sleep(0.05)
        return None
        yield

    with open_runner(note_lag=noted.append).lane() as lane:
        await lane.step(slow(), audio_seconds=0.01)
        await lane.step(slow(), audio_seconds=10.0)
        await lane.step(slow(), at_once=True)

    assert len(noted) == 2
    assert noted[0] >= 0.05
    assert noted[1] == 0


async def test_closing_does_not_wait_for_a_step_under_way(open_runner):
    held, runner = Held(), open_runner()
    with runner.lane() as lane:
        task = asyncio.create_task(lane.step(held))
        await reached(held.entered)

        runner.close()

        held.release.set()
        assert (await task).output == "done"


async def test_a_step_that_does_not_return_is_given_up_and_others_go_on(open_runner, caplog):
    held, runner = Held(), open_runner(stuck_seconds=0.2)
    with runner.lane() as one, runner.lane() as other:
        stuck = asyncio.create_task(one.step(held, at_once=True))
        await reached(held.entered)
        begin = time.monotonic()
        going_on = asyncio.create_task(other.step(saying("goes on")))

        with pytest.raises(RoundStuck, match=r"within 0\.2 s"):
            await asyncio.wait_for(stuck, PATIENCE)
        assert (await asyncio.wait_for(going_on, PATIENCE)).output == "goes on"
    held.release.set()

    assert time.monotonic() - begin >= 0.2
    assert "__next__" in caplog.text
    assert "with 1 sessions" in caplog.text
