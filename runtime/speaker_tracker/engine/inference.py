"""Dynamic batching: shares one model among many sessions by putting inputs that wait into the next call together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any

Infer = Callable[[Sequence[Any]], Sequence[Any]]


class SharedInference:
    """Runs ``infer`` on the inputs of many threads, at most ``parallel`` calls at a time, each of at most ``max_batch`` inputs.

    No input waits for others to arrive: a batch is what came in while all calls were busy. Calls block until their results are
    available, so they are made from worker threads, never on an event loop.
    """

    def __init__(self, infer: Infer, *, parallel: int = 1, max_batch: int = 32) -> None:
        self._infer = infer
        self._max_batch = max_batch
        self._slots = threading.Semaphore(parallel)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Any, Future[Any]]] = deque()

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The results for ``inputs``, in order.

        If ``infer`` fails on a batch, its inputs are tried one by one, so that only the callers concerned get the exception.
        """
        entries: list[tuple[Any, Future[Any]]] = [(item, Future()) for item in inputs]
        futures = [future for _, future in entries]
        with self._lock:
            self._waiting.extend(entries)
        while not all(future.done() for future in futures):
            with self._slots:
                ran = self._run_one_batch()
            if not ran:  # another thread's call, still running, has these inputs
                wait(futures)
        return [future.result() for future in futures]

    def _run_one_batch(self) -> bool:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(self._max_batch, len(self._waiting)))]
        if not batch:
            return False
        try:
            results = self._checked([item for item, _ in batch])
        except Exception:
            for item, future in batch:
                self._run_alone(item, future)
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            raise
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)
        return True

    def _run_alone(self, item: Any, future: Future[Any]) -> None:
        try:
            future.set_result(self._checked([item])[0])
        except Exception as error:
            future.set_exception(error)

    def _checked(self, items: Sequence[Any]) -> Sequence[Any]:
        results = self._infer(items)
        if len(results) != len(items):
            raise RuntimeError(f"infer gave {len(results)} results for {len(items)} inputs")
        return results
