"""A chain of stages: checked at start-up, loaded once per process, opened once per session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from speaker_tracker.cores import usable_cores, use_one_thread_for_each_product
from speaker_tracker.errors import UserError
from speaker_tracker.events import ClientMessage, Event, PcmReceived
from speaker_tracker.inference import SharedInference
from speaker_tracker.options import told, validated
from speaker_tracker.pipeline import OpenStage, Pipeline, StageFailure
from speaker_tracker.plugins import PluginManager, ProvidedStage
from speaker_tracker.stage import LoadedStage, SessionInfo, Stage, StageLoadError, StageOptions

logger = logging.getLogger(__name__)

STAGES_SETTING = "SPEAKER_TRACKER_STAGES"
OPTIONS_SETTING = "SPEAKER_TRACKER_STAGE_OPTIONS"

DEFAULT_STAGES = (
    "frame_decoder",
    "silero_vad",
    "speechbrain_embedding",
    "kmeans_assigner",
    "timing_aggregator",
    "reporter",
)


class ChainError(UserError):
    """The chain cannot work as configured; the message is one sentence that names the stage, the setting and the choices."""


@dataclass(frozen=True, slots=True)
class ConfiguredStage:
    """One stage of a chain with its validated options."""

    provided: ProvidedStage
    options: StageOptions

    @property
    def name(self) -> str:
        """The stage's unique name."""
        return self.provided.spec.name


def configure(plugins: PluginManager, names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> list[ConfiguredStage]:
    """Checks a chain and validates the options of its stages; nothing is loaded.

    ``options``: by stage name; those of stages on offer but not in the chain are allowed, so that one file can serve several
    chains, and checked as well. Raises ``ChainError``.
    """
    for name in options:
        if name not in plugins.stages:
            raise ChainError(f"{OPTIONS_SETTING} sets options of {_unknown_stage(plugins, name)}")
        if name not in names:
            _configure_one(plugins, name, options[name])
    configured = [_configure_one(plugins, name, options.get(name, {})) for name in names]
    _check_order(plugins, configured)
    return configured


def _unknown_stage(plugins: PluginManager, name: str) -> str:
    similar = plugins.similar_names(name)
    hint = f"did you mean {' or '.join(map(repr, similar))}? " if similar else ""
    return f"an unknown stage {name!r}; {hint}stages on offer: {_listed(plugins.stages)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _configure_one(plugins: PluginManager, name: str, values: Mapping[str, Any]) -> ConfiguredStage:
    provided = plugins.stages.get(name)
    if provided is None:
        raise ChainError(f"{STAGES_SETTING} names {_unknown_stage(plugins, name)}")
    options = validated(
        provided.spec.options, values, what=f"stage {name!r}", setting=f"{OPTIONS_SETTING}__{name.upper()}", fail=ChainError
    )
    return ConfiguredStage(provided, options)


def _check_order(plugins: PluginManager, configured: Sequence[ConfiguredStage]) -> None:
    if not configured:
        raise ChainError(f"{STAGES_SETTING} names no stage; the default is {_listed(DEFAULT_STAGES)}")
    seen: set[str] = set()
    available: set[type[Event]] = {PcmReceived}
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
                    f"{_why_not(absorbed_by.get(event_type))}; {_who_produces(plugins, event_type, stage.name)}"
                )
        absorbed_by.update(dict.fromkeys(spec.absorbs, stage.name))
        available = (available - spec.absorbs) | spec.produces
    if ClientMessage not in available:
        raise ChainError(
            f"no stage in {STAGES_SETTING} produces ClientMessage, so clients would never hear anything; "
            f"{_who_produces(plugins, ClientMessage, configured[-1].name, after=True)}"
        )


def _why_not(absorbed_by: str | None) -> str:
    return "produces" if absorbed_by is None else f"passes on: {absorbed_by!r} takes it in and replaces it"


def _who_produces(plugins: PluginManager, event_type: type[Event], before: str, *, after: bool = False) -> str:
    makers = [provided.spec.name for provided in plugins if event_type in provided.spec.produces]
    if not makers:
        return "no stage on offer produces it"
    return f"put one of these {'after' if after else 'before'} {before!r}: {_listed(makers)}"


class Chain:
    """A chain whose stages are loaded, ready to be opened for any number of sessions.

    ``parallel``: how many model calls of one stage may run at once. BLAS libraries are held to one thread from then on, see
    ``speaker_tracker.cores``. Raises ``ChainError`` where a stage cannot be loaded.
    """

    def __init__(self, configured: Sequence[ConfiguredStage], *, parallel: int | None = None) -> None:
        self.configured = tuple(configured)
        self._uncountable: set[str] = set()
        self.cpu_heavy = any(stage.provided.spec.cpu_heavy for stage in configured)
        use_one_thread_for_each_product()
        self._loaded = [_load(stage) for stage in configured]
        calls = parallel or usable_cores()
        self._infer: list[Callable[[Sequence[Any]], Sequence[Any]] | None] = [
            None if loaded.infer is None else SharedInference(loaded.infer, parallel=calls) for loaded in self._loaded
        ]

    @property
    def info(self) -> dict[str, dict[str, str]]:
        """What the loaded stages tell of themselves, by stage name; stages with nothing to tell are left out."""
        pairs = zip(self.configured, self._loaded, strict=True)
        return {stage.name: dict(loaded.info) for stage, loaded in pairs if loaded.info}

    @property
    def counters(self) -> dict[str, dict[str, int]]:
        """The totals that loaded stages keep for the process, by stage name; stages without any are left out.

        So are those that fail to give them, which is logged once.
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

    def open(self, session: SessionInfo, took: Callable[[str, float], object] | None = None) -> Pipeline:
        """A fresh pipeline for one session; ``took`` as for ``Pipeline``. Raises ``StageFailure``."""
        return Pipeline(
            [
                OpenStage(stage.name, _opened(stage, loaded, session), infer)
                for stage, loaded, infer in zip(self.configured, self._loaded, self._infer, strict=True)
            ],
            took,
        )

    def close(self) -> None:
        """Lets every loaded stage go; no session may be open any more. What one of them raises is logged."""
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


def _load(stage: ConfiguredStage) -> LoadedStage:
    try:
        return stage.provided.spec.load(stage.options)
    except StageLoadError as error:
        raise ChainError(f"stage {stage.name!r} cannot be loaded: {error}") from error
    except ImportError as error:
        raise ChainError(
            f"stage {stage.name!r} needs a package that is not installed or does not load: {error}; "
            f"install what {stage.provided.provider} asks for or take the stage out of {STAGES_SETTING}"
        ) from error
    except Exception as error:
        raise ChainError(
            f"stage {stage.name!r} of {stage.provided.provider} cannot be loaded: {told(error)}; "
            f"mend it or take it out of {STAGES_SETTING}"
        ) from error
