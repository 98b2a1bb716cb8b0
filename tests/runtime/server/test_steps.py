"""Steps in threads and inline, and what a cancellation does to them."""

import asyncio
import threading

import pytest

from speaker_tracker.server.steps import StepRunner

PATIENCE = 30


@pytest.fixture
def threads():
    runner = StepRunner(cpu_heavy=True, threads=1)
    yield runner
    runner.close()


@pytest.mark.parametrize("cpu_heavy", [True, False])
async def test_steps_come_one_by_one_and_then_none(cpu_heavy):
    runner = StepRunner(cpu_heavy=cpu_heavy, threads=1)
    steps = iter(["a", "b"])

    assert [await runner.step(steps) for _ in range(3)] == ["a", "b", None]
    runner.close()


async def test_failure_of_a_step_reaches_its_task(threads):
    def failing():
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        await threads.step(failing())
    assert await threads.step(iter(["works"])) == "works"


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


async def test_cancelled_task_waits_for_its_step_however_often_it_is_cancelled(threads):
    held = Held()
    task = asyncio.create_task(threads.step(held))
    await reached(held.entered)
    assert threads.busy

    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    held.release.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert held.finished


async def test_step_that_still_waits_for_a_thread_is_cancelled_at_once(threads):
    held, waiting = Held(), Held()
    first = asyncio.create_task(threads.step(held))
    await reached(held.entered)
    second = asyncio.create_task(threads.step(waiting))
    await asyncio.sleep(0)

    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    held.release.set()
    assert await first == "done"
    assert not waiting.entered.is_set()


async def test_sessions_take_turns_where_threads_are_few(threads):
    order = []

    def steps(name):
        for _ in range(3):
            order.append(name)
            yield name

    async def run(name):
        mine = steps(name)
        while await threads.step(mine) is not None:
            pass

    await asyncio.gather(run("a"), run("b"))

    assert order == ["a", "b", "a", "b", "a", "b"]


async def test_closing_does_not_wait_for_a_step_under_way():
    runner, held = StepRunner(cpu_heavy=True, threads=1), Held()
    task = asyncio.create_task(runner.step(held))
    await reached(held.entered)

    runner.close()

    held.release.set()
    assert await task == "done"
