"""A chain of stages: checked at start-up, loaded once per process, opened once per session."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from speaker_tracker.engine.cores import use_one_thread_for_each_product
from speaker_tracker.engine.offers import ConfiguredStage, OfferKind
from speaker_tracker.engine.pipeline import EventFilter, OpenStage, Pipeline, StageFailure
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.errors import UserError
from speaker_tracker.events import (
    AudioClock,
    AudioGap,
    ClientMessage,
    Event,
    PcmReceived,
    SpeakersNamed,
    VoiceModel,
    VoiceprintsMade,
)
from speaker_tracker.settings import DEFAULT_STAGES
from speaker_tracker.stage import LoadedStage, SessionInfo, Stage, StageLoadError

logger = logging.getLogger(__name__)

STAGES_SETTING = "SPEAKER_TRACKER_STAGES"
OPTIONS_SETTING = "SPEAKER_TRACKER_STAGE_OPTIONS"


class ChainError(UserError):
    """The chain cannot work as configured; the message is one sentence that names the stage, the setting and the choices."""


STAGES = OfferKind("stage", STAGES_SETTING, OPTIONS_SETTING, ChainError, StageLoadError)


def configure(plugins: PluginManager, names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> list[ConfiguredStage]:
    """Checks a chain and validates the options of its stages; nothing is loaded.

    ``options``: by stage name; those of stages on offer but not in the chain are allowed, so that one file can serve several
    chains, and checked as well. Raises ``ChainError``.
    """
    configured = STAGES.configure(plugins.stages, names, options)
    _check_order(plugins, configured)
    return configured


def _check_order(plugins: PluginManager, configured: Sequence[ConfiguredStage]) -> None:
    if not configured:
        raise ChainError(f"{STAGES_SETTING} names no stage; the default is {', '.join(DEFAULT_STAGES)}")
    seen: set[str] = set()
    available: set[type[Event]] = {PcmReceived, AudioGap}
    absorbed_by: dict[type[Event], str] = {}
    for stage in configured:
        if stage.name in seen:
            raise ChainError(f"{STAGES_SETTING} names stage {stage.name!r} twice; a stage can stand in a chain once")
        seen.add(stage.name)
        spec = stage.provided.spec
        for event_type in sorted(spec.consumes, key=lambda event_type: event_type.__name__):
            if event_type not in available:
                raise ChainError(
                    f"stage {stage.name!r} consumes {event_type.__name__}, which nothing before it in {STAGES_SETTING} "
                    f"{_why_unavailable(absorbed_by.get(event_type))}; {_producers_hint(plugins, event_type, stage.name)}"
                )
        absorbed_by.update(dict.fromkeys(spec.absorbs, stage.name))
        available = (available - spec.absorbs) | spec.produces
    if ClientMessage not in available:
        raise ChainError(
            f"no stage in {STAGES_SETTING} produces ClientMessage, so clients would never hear anything; "
            f"{_producers_hint(plugins, ClientMessage, configured[-1].name, after=True)}"
        )


def _why_unavailable(absorbed_by: str | None) -> str:
    return "produces" if absorbed_by is None else f"passes on: {absorbed_by!r} takes it in and replaces it"


def _producers_hint(plugins: PluginManager, event_type: type[Event], before: str, *, after: bool = False) -> str:
    makers = [provided.spec.name for provided in plugins if event_type in provided.spec.produces]
    if not makers:
        return "no stage on offer produces it"
    return f"put one of these {'after' if after else 'before'} {before!r}: {', '.join(makers)}"


class Chain:
    """A chain whose stages are loaded, ready to be opened for any number of sessions.

    BLAS libraries are held to one thread from then on, see ``speaker_tracker.engine.cores``. Raises ``ChainError`` where a stage
    cannot be loaded.
    """

    def __init__(self, configured: Sequence[ConfiguredStage]) -> None:
        self.configured = tuple(configured)
        self._uncountable: set[str] = set()
        self.cpu_heavy = any(stage.provided.spec.cpu_heavy for stage in configured)
        use_one_thread_for_each_product()
        self._loaded: list[LoadedStage] = [STAGES.load(stage) for stage in configured]
        self._reads = [EventFilter(stage.provided.spec.consumes | stage.provided.spec.may_consume) for stage in configured]

    @property
    def info(self) -> dict[str, dict[str, str]]:
        """``LoadedStage.info`` by stage name; stages without any are left out."""
        pairs = zip(self.configured, self._loaded, strict=True)
        return {stage.name: dict(loaded.info) for stage, loaded in pairs if loaded.info}

    @property
    def voice_model(self) -> VoiceModel | None:
        """The model by which the chain recognizes known voices and makes voiceprints; None if it cannot do both."""
        produced = frozenset().union(*(stage.provided.spec.produces for stage in self.configured))
        models = [loaded.voice_model for loaded in self._loaded if loaded.voice_model is not None]
        return models[-1] if models and {SpeakersNamed, VoiceprintsMade} <= produced else None

    @property
    def fingerprint(self) -> str:
        """What the chain is, as far as its state goes: a session that one chain has saved goes on in one with the same fingerprint.

        Stages, the versions of their states, their options other than paths, and their voice models count.
        """
        parts = []
        for stage, loaded in zip(self.configured, self._loaded, strict=True):
            options = {name: value for name, value in stage.options if not isinstance(value, Path)}
            model = loaded.voice_model
            parts.append([stage.name, stage.provided.spec.state_version, options, model and (model.name, model.version)])
        return sha256(json.dumps(parts, default=repr, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def keeps_time(self) -> bool:
        """Whether the chain tells how much audio it has processed, as clients count it, without which no session can be resumed."""
        pairs = zip(self.configured, self._loaded, strict=True)
        return any(AudioClock in stage.provided.spec.produces and loaded.reads_pcm for stage, loaded in pairs)

    @property
    def counters(self) -> dict[str, dict[str, int]]:
        """Process-wide totals of the loaded stages, by stage name; stages without any are left out.

        So are stages whose ``counters`` fails, which is logged once.
        """
        found: dict[str, dict[str, int]] = {}
        for stage, loaded in zip(self.configured, self._loaded, strict=True):
            if loaded.counters is not None:
                try:
                    found[stage.name] = dict(loaded.counters())
                except Exception:
                    if stage.name not in self._uncountable:
                        self._uncountable.add(stage.name)
                        logger.exception("stage %r failed to give its counters; that is logged once", stage.name)
        return found

    def open(self, session: SessionInfo, on_stage_time: Callable[[str, float], object] | None = None) -> Pipeline:
        """A fresh pipeline for one session; ``on_stage_time`` as for ``Pipeline``. Raises ``StageFailure``."""
        return Pipeline(
            [
                OpenStage(stage.name, _opened(stage, loaded, session), loaded.infer, reads, loaded.infer_waits)
                for stage, loaded, reads in zip(self.configured, self._loaded, self._reads, strict=True)
            ],
            on_stage_time,
        )

    def close(self) -> None:
        """Closes every loaded stage; no session may be open any more. Exceptions are logged."""
        for stage, loaded in zip(self.configured, self._loaded, strict=True):
            if loaded.close is not None:
                try:
                    loaded.close()
                except Exception:
                    logger.exception("stage %r failed to close", stage.name)


def _opened(stage: ConfiguredStage, loaded: LoadedStage, session: SessionInfo) -> Stage:
    try:
        return loaded.open(session)
    except Exception as error:
        raise StageFailure(stage.name) from error
