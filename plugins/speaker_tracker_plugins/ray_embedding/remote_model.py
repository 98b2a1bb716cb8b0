"""A voice model held by a deployment of Ray Serve, asked by blocking calls that outlive the replicas behind it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ray import serve
from ray.exceptions import GetTimeoutError, RayActorError, RayTaskError, WorkerCrashedError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from speaker_tracker.errors import UserError
from speaker_tracker.stagekit.voice_encoder import VoiceQuery, VoiceVectors
from speaker_tracker.stagekit.voice_model_calls import ModelReplaced, VoiceModelDescription, in_calls, pack_queries, unpack_vectors
from speaker_tracker_plugins.ray_embedding.cluster import connect, own_application

logger = logging.getLogger(__name__)

LOST = (RayActorError, WorkerCrashedError, RayServeException, GetTimeoutError, TimeoutError)
"""What says that a replica is gone, busy or silent, rather than that the model failed."""

LONGEST_PAUSE = 1.0
"""Seconds between two attempts, at most."""

GIVEN_UP_SECONDS = 2.0
"""For so long after a call that nobody answered others fail at once, so that those that waited together do not wait in turns."""


class NotDeployed(RayServeException):
    """Serve has no deployment of that name."""


class RemoteModelError(UserError):
    """No replica answered in time; the message says which deployment, and what to look at."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait.

    ``answer``: for an answer, with all repetitions. ``attempt``: for one attempt, as a replica behind a broken connection says
    nothing at all; then the call is made again. ``load``: for the deployment to be there.
    """

    answer: float
    attempt: float
    load: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """The deployment to ask.

    ``application``: None for the one that this process is a replica of, or else ``speaker-tracker``. ``configuration``: as
    ``VoiceModelDescription`` has it, as replicas of two answer while one takes the place of the other; None for any.
    """

    application: str | None
    deployment: str
    configuration: str | None


class RemoteVoiceModel:
    """A deployment with ``describe()`` and ``embed(identity, packed, *pieces)``; may be called from several threads at once.

    Calls may be repeated: embedding the same windows again does no harm. Raises ``UserError`` where the cluster cannot be joined,
    or the deployment is not there in time.

    ``address``: of the Ray cluster, unless this process is part of one. ``description``: what the deployment says of its model.
    """

    def __init__(self, wanted: Wanted, *, address: str, patience: Patience) -> None:
        self._disconnect = connect(address)
        self.application = wanted.application or own_application()
        self.deployment = wanted.deployment
        self._patience = patience
        self._lock = threading.Lock()
        self._counts = {"calls": 0, "repeated_calls": 0, "failed_calls": 0}
        self._handle: DeploymentHandle[Any] | None = None
        self._gave_up: tuple[float, str] | None = None
        try:
            self.description: VoiceModelDescription = self._answer("describe", (wanted.configuration,), patience.load)
        except BaseException:
            self._disconnect()
            raise

    def infer(self, queries: Sequence[VoiceQuery]) -> list[VoiceVectors]:
        """Embeddings as ``VoiceEncoder.infer`` gives them.

        Raises ``RemoteModelError`` where no replica answers in time, and what the model raised where it failed.
        """
        answers = [VoiceVectors([], query.mean) for query in queries]
        for call in in_calls(queries):
            packed, pieces = pack_queries([VoiceQuery(windows, answers[number].mean) for number, windows in call])
            reply = self._answer("embed", (self.description.identity, packed, *pieces), self._patience.answer)
            for (number, _), found in zip(call, unpack_vectors(reply, packed.counts), strict=True):
                answers[number] = VoiceVectors([*answers[number].vectors, *found.vectors], found.mean)
        return answers

    def counters(self) -> Mapping[str, int]:
        """Calls, those that were made again, and those that nobody answered."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """Leaves the cluster, if this process joined it for the model's sake."""
        self._disconnect()

    def _answer(self, method: str, arguments: Sequence[object], within: float) -> Any:
        deadline = time.monotonic() + within
        self._count("calls")
        self._fail_like_the_one_before()
        pause = 0.05
        while True:
            response: DeploymentResponse[Any] | None = None
            try:
                response = cast("DeploymentResponse[Any]", getattr(self._connected(), method).remote(*arguments))
                answer = response.result(timeout_s=max(0.01, min(self._patience.attempt, deadline - time.monotonic())))
            except (*LOST, ModelReplaced) as error:
                if isinstance(error, RayTaskError) and not isinstance(error, ModelReplaced):
                    raise  # the model's own failure, of whatever type
                if response is not None:
                    response.cancel()
                if time.monotonic() + pause >= deadline:
                    self._count("failed_calls")
                    self._gave_up = time.monotonic(), self._sentence(within, error)
                    raise RemoteModelError(self._gave_up[1]) from error
                logger.warning("asking %s/%s again: %s", self.application, self.deployment, type(error).__name__)
            else:
                self._gave_up = None
                return answer
            self._count("repeated_calls")
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)

    def _fail_like_the_one_before(self) -> None:
        gave_up = self._gave_up
        if gave_up is not None and time.monotonic() - gave_up[0] < GIVEN_UP_SECONDS:
            self._count("failed_calls")
            raise RemoteModelError(gave_up[1])

    def _connected(self) -> DeploymentHandle[Any]:
        """The handle. Raises ``RayServeException`` where there is no such deployment, as before an application is deployed."""
        with self._lock:
            if self._handle is None:
                try:
                    self._handle = serve.get_deployment_handle(self.deployment, self.application)
                except KeyError as error:
                    raise NotDeployed(str(error)) from error
            return self._handle

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def _sentence(self, within: float, error: BaseException) -> str:
        if isinstance(error, ModelReplaced):
            return (
                f"deployment {self.deployment!r} of {self.application!r} refused for {within:g} s: {getattr(error, 'cause', error)}"
            )
        return (
            f"deployment {self.deployment!r} of the Serve application {self.application!r} did not answer within {within:g} s "
            f"({type(error).__name__}); `serve status` tells whether it is running, and the options application and deployment of "
            f"ray_embedding say which one is asked"
        )
