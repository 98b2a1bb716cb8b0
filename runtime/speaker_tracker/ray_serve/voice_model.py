"""Replicas that hold the voice model of an embedding stage and embed windows for all front ends."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ray import serve
from ray.serve import Application

from speaker_tracker.engine.assembly import load_stage
from speaker_tracker.engine.cores import use_one_thread_for_each_product
from speaker_tracker.errors import UserError
from speaker_tracker.ray_serve.arguments import VoiceModelArguments
from speaker_tracker.server.core_dumps import write_no_core_dumps
from speaker_tracker.settings import Settings, load_settings
from speaker_tracker.stagekit.voice_model_calls import (
    ModelReplaced,
    PackedQueries,
    PackedVectors,
    VoiceModelDescription,
    pack_vectors,
    unpack_queries,
)
from speaker_tracker.stagekit.window_embedding import WindowEmbeddingOptions

NAME = "VoiceModel"
MODEL_SETTINGS = ("blocked_plugins", "model_cache")

Call: TypeAlias = tuple[PackedQueries, tuple[bytes, ...]]


class UnsuitableStage(UserError):
    """A stage has no voice model that could be shared; the message names it."""


class VoiceModel:
    """One replica. Calls that come within ``wait_seconds`` of each other share a model call of at most ``max_windows`` windows."""

    def __init__(
        self, settings: Mapping[str, Any], stage: str, configuration: str, *, max_windows: int, wait_seconds: float
    ) -> None:
        write_no_core_dumps()
        use_one_thread_for_each_product()
        options, loaded = load_stage(load_settings(**settings), stage)
        if loaded.infer is None or loaded.voice_model is None or not isinstance(options, WindowEmbeddingOptions):
            raise UnsuitableStage(
                f"stage {stage!r} embeds no windows of speech, so its model cannot be shared; embedding_stage is the name of one "
                f"that does, such as speechbrain_embedding or onnx_embedding"
            )
        windows = WindowEmbeddingOptions(window_ms=options.window_ms, hop_ms=options.hop_ms, normalization=options.normalization)
        self._infer = loaded.infer
        self._description = VoiceModelDescription(loaded.voice_model, windows, dict(loaded.info), configuration)
        self._together = serve.batch(
            max_batch_size=max_windows, batch_wait_timeout_s=wait_seconds, batch_size_fn=_windows, max_concurrent_batches=1
        )(self._embed_calls)

    async def describe(self, wanted: str | None = None) -> VoiceModelDescription:
        """The model, and how speech is cut for it. Raises ``ModelReplaced`` where its configuration is not the ``wanted`` one."""
        if wanted not in (None, self._description.configuration):
            raise ModelReplaced(
                f"the voice model is configured as {self._description.configuration}, and {wanted} is meant; one release is taking "
                f"the place of another, or has"
            )
        return self._description

    async def embed(self, identity: str, packed: PackedQueries, *pieces: bytes) -> PackedVectors:
        """Embeddings of packed queries. Raises ``ModelReplaced``, and what the model raised for these queries.

        ``identity``: of the model that is meant.
        """
        self._description.check(identity)
        answer = await self._together((packed, pieces))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _embed_calls(self, calls: list[Call]) -> list[PackedVectors | Exception]:
        # In a thread, so that this replica goes on answering health checks.
        return await asyncio.to_thread(self._embedded, calls)

    def _embedded(self, calls: Sequence[Call]) -> list[PackedVectors | Exception]:
        try:
            queries = [unpack_queries(*call) for call in calls]
            answers = iter(self._infer([query for each in queries for query in each]))
            return [pack_vectors([next(answers) for _ in each]) for each in queries]
        except Exception as error:
            if len(calls) == 1:
                return [error]
            return [answer for call in calls for answer in self._embedded([call])]  # so that only the callers concerned fail


def configuration(settings: Settings, stage: str) -> str:
    """Twelve characters that differ where the model may: of the stage's name and options, and the folder of models."""
    parts = [stage, settings.stage_options.get(stage, {}), settings.model_cache]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _windows(calls: Sequence[Call]) -> int:
    return sum(len(packed.table) for packed, _ in calls)


def voice_model_deployment(arguments: VoiceModelArguments, given: Mapping[str, Any], stage: str, configuration: str) -> Application:
    """The deployment ``VoiceModel``, bound to its arguments.

    ``given``: settings over those of the environment. Replicas get those that concern the model, so that a change of others leaves
    them alone.
    """
    settings = {name: given[name] for name in MODEL_SETTINGS if name in given}
    if stage in given.get("stage_options", {}):
        settings["stage_options"] = {stage: given["stage_options"][stage]}
    return serve.deployment(
        name=NAME,
        ray_actor_options=arguments.actor_options,
        max_ongoing_requests=arguments.max_calls,
        max_surge_percent=100,
        logging_config={"enable_access_log": False},  # a line for each call would be most of its cost
        autoscaling_config={
            "min_replicas": arguments.min_replicas,
            "max_replicas": arguments.max_replicas,
            "target_ongoing_requests": arguments.target_calls,
            "upscale_delay_s": arguments.upscale_delay_seconds,
            "downscale_delay_s": arguments.downscale_delay_seconds,
        },
    )(VoiceModel).bind(
        settings, stage, configuration, max_windows=arguments.max_batch_windows, wait_seconds=arguments.batch_wait_seconds
    )
