"""Finds plugins and keeps what they offer: a typed interface to pluggy."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points

import pluggy

from speaker_tracker import hookspecs
from speaker_tracker.engine.offers import Provided, ProvidedObserver, ProvidedStage
from speaker_tracker.errors import UserError
from speaker_tracker.observer import ObserverSpec
from speaker_tracker.stage import StageSpec

ENTRY_POINT_GROUP = "speaker_tracker.stages"

BUILTIN_PLUGINS = (
    "speaker_tracker_stages.frame_decoder",
    "speaker_tracker_stages.silero_vad",
    "speaker_tracker_stages.speaker_segmentation",
    "speaker_tracker_stages.speechbrain_embedding",
    "speaker_tracker_stages.kmeans_assigner",
    "speaker_tracker_stages.timing_aggregator",
    "speaker_tracker_stages.reporter",
    "speaker_tracker_plugins.agglomerative_assigner",
    "speaker_tracker_plugins.campplus_embedding",
    "speaker_tracker_plugins.cloudevents_reporter",
    "speaker_tracker_plugins.energy_vad",
    "speaker_tracker_plugins.gain",
    "speaker_tracker_plugins.onnx_embedding",
    "speaker_tracker_plugins.prometheus",
    "speaker_tracker_plugins.pyannote_segmentation",
    "speaker_tracker_plugins.ray_embedding",
    "speaker_tracker_plugins.telephone_decoder",
)
"""Modules of this distribution with hooks; named, not imported, so that the runtime does not depend on them."""

HOOKS = ("speaker_tracker_stages", "speaker_tracker_observers")
"""Names of the hooks that a plugin may implement."""

STAGE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class PluginError(UserError):
    """A plugin cannot be used; the message is one sentence that names it and says what to do."""


def _imported(load: Callable[[], object], name: str, origin: str, module: str) -> object:
    try:
        return load()
    except Exception as error:
        raise PluginError(
            f"plugin {origin} cannot be imported from {module!r}: {type(error).__name__}: {error}; mend or uninstall it, "
            f"or block it with SPEAKER_TRACKER_BLOCKED_PLUGINS='[\"{name}\"]'"
        ) from error


class PluginManager:
    """Registered plugins, and the stages and observers they offer, by name.

    ``blocked``: names of plugins (a built-in module's name or an entry point's name) that are not to be loaded.

    Raises ``PluginError`` if a plugin cannot be imported, offers something other than a specification or a name that another plugin
    already offers, or if a blocked one does not exist.
    """

    def __init__(self, blocked: Collection[str] = ()) -> None:
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._stages: dict[str, ProvidedStage] = {}
        self._observers: dict[str, ProvidedObserver] = {}
        self._blocked = frozenset(blocked)
        installed = entry_points(group=ENTRY_POINT_GROUP)
        self._check_blocked({*BUILTIN_PLUGINS, *installed.names})
        for name in BUILTIN_PLUGINS:
            if name not in self._blocked:
                self.register(_imported(partial(import_module, name), name, name, name), name)
        for entry_point in installed:
            if entry_point.name not in self._blocked:
                origin = entry_point.name
                if entry_point.dist is not None:
                    origin = f"{entry_point.name} ({entry_point.dist.name} {entry_point.dist.version})"
                self.register(_imported(entry_point.load, entry_point.name, origin, entry_point.value), origin)

    def _check_blocked(self, known: Collection[str]) -> None:
        for name in self._blocked:
            if name not in known:
                raise PluginError(
                    f"SPEAKER_TRACKER_BLOCKED_PLUGINS names {name!r}, which is no plugin here; plugins: {', '.join(sorted(known))}"
                )

    def register(self, plugin: object, provider: str) -> None:
        """Adds what ``plugin``, an object or module with hook implementations, offers; ``provider``: its name."""
        if self._pluggy.has_plugin(provider):
            raise PluginError(f"plugin {provider} is installed twice; uninstall one of them")
        self._pluggy.register(plugin, provider)
        self._check_hooks(plugin, provider)
        for spec in self._offered(plugin, provider, "speaker_tracker_stages", "stages"):
            self._add_stage(spec, provider)
        for spec in self._offered(plugin, provider, "speaker_tracker_observers", "observers"):
            self._add_observer(spec, provider)

    def _check_hooks(self, plugin: object, provider: str) -> None:
        try:
            self._pluggy.check_pending()
        except pluggy.PluginValidationError as error:
            wrong = next(caller.name for caller in self._pluggy.get_hookcallers(plugin) or () if not caller.has_spec())
            similar = get_close_matches(wrong, HOOKS, n=1)
            right = f"did you mean {similar[0]!r}?" if similar else f"a plugin can implement {' and '.join(HOOKS)}"
            raise PluginError(f"plugin {provider} implements a hook {wrong!r}, which does not exist; {right}") from error

    def _offered(self, plugin: object, provider: str, hook: str, what: str) -> list[object]:
        others = [other for other in self._pluggy.get_plugins() if other is not plugin]
        call = self._pluggy.subset_hook_caller(hook, others)
        try:
            return [spec for answer in call() for spec in answer]
        except Exception as error:
            raise PluginError(f"plugin {provider} failed to list its {what}: {type(error).__name__}: {error}") from error

    def _add_stage(self, spec: object, provider: str) -> None:
        if not isinstance(spec, StageSpec):
            raise PluginError(f"plugin {provider} offers {spec!r} as a stage; speaker_tracker_stages must return StageSpec objects")
        _check_name("a stage", spec.name, provider)
        if not spec.absorbs <= spec.consumes:
            raise PluginError(
                f"stage {spec.name!r} of plugin {provider} absorbs what it does not consume; absorbs must be part of it"
            )
        if spec.name in self._stages:
            raise _provided_twice("stage", spec.name, self._stages[spec.name].provider, provider)
        self._stages[spec.name] = Provided(spec, provider)

    def _add_observer(self, spec: object, provider: str) -> None:
        if not isinstance(spec, ObserverSpec):
            raise PluginError(
                f"plugin {provider} offers {spec!r} as an observer; speaker_tracker_observers must return ObserverSpec objects"
            )
        _check_name("an observer", spec.name, provider)
        if spec.name in self._observers:
            raise _provided_twice("observer", spec.name, self._observers[spec.name].provider, provider)
        self._observers[spec.name] = Provided(spec, provider)

    @property
    def stages(self) -> Mapping[str, ProvidedStage]:
        """Every stage on offer, by name, built-ins first."""
        return self._stages

    @property
    def observers(self) -> Mapping[str, ProvidedObserver]:
        """Every observer on offer, by name, built-ins first."""
        return self._observers

    def __iter__(self) -> Iterator[ProvidedStage]:
        return iter(self._stages.values())

    @property
    def idle(self) -> Sequence[str]:
        """Plugins that offer neither a stage nor an observer, in order of registration."""
        busy = {stage.provider for stage in self._stages.values()} | {each.provider for each in self._observers.values()}
        return [provider for provider, _ in self._pluggy.list_name_plugin() if provider not in busy]


def _check_name(what: str, name: str, provider: str) -> None:
    if not STAGE_NAME.fullmatch(name):
        raise PluginError(
            f"plugin {provider} offers {what} named {name!r}; names are lower case words joined by underscores, such as "
            f"'silero_vad', so that settings can name them"
        )


def _provided_twice(what: str, name: str, first: str, second: str) -> PluginError:
    return PluginError(
        f"{what} {name!r} is provided twice, by {first} and by {second}; "
        f"uninstall one of them or name it in SPEAKER_TRACKER_BLOCKED_PLUGINS"
    )
