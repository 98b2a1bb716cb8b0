"""Common parts of stages and observers on offer: a provider, options from settings, and a loader that may fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeAlias, TypeVar

from speaker_tracker.engine.options import describe_error, validated
from speaker_tracker.errors import UserError
from speaker_tracker.observer import ObserverSpec
from speaker_tracker.stage import StageOptions, StageSpec

SpecT = TypeVar("SpecT", StageSpec, ObserverSpec)


@dataclass(frozen=True, slots=True)
class Provided(Generic[SpecT]):
    """A specification and the plugin that offers it: a module's name, or an entry point with its distribution and version."""

    spec: SpecT
    provider: str


@dataclass(frozen=True, slots=True)
class Configured(Generic[SpecT]):
    """A stage or an observer with its validated options."""

    provided: Provided[SpecT]
    options: StageOptions

    @property
    def name(self) -> str:
        """Unique name of the stage or observer."""
        return self.provided.spec.name


ProvidedStage: TypeAlias = Provided[StageSpec]
ProvidedObserver: TypeAlias = Provided[ObserverSpec]
ConfiguredStage: TypeAlias = Configured[StageSpec]
ConfiguredObserver: TypeAlias = Configured[ObserverSpec]


@dataclass(frozen=True, slots=True)
class OfferKind:
    """Stages or observers: their name in sentences, the settings that choose them, and their errors.

    ``noun``: such as ``stage``. ``names_setting``, ``options_setting``: environment variables. ``error``: raised for what a user
    can mend. ``load_error``: raised by loaders, with a sentence of their own.
    """

    noun: str
    names_setting: str
    options_setting: str
    error: type[UserError]
    load_error: type[Exception]

    def configure(
        self,
        offers: Mapping[str, Provided[SpecT]],
        names: Iterable[str],
        options: Mapping[str, Mapping[str, Any]],
    ) -> list[Configured[SpecT]]:
        """The offers named, in order, with their options validated; nothing is loaded.

        ``options``: by name; those of offers that are not named are validated as well, so that one file can serve several
        deployments. Raises ``error``.
        """
        names = list(names)
        for name in options:
            if name not in offers:
                raise self.error(f"{self.options_setting} sets options of {self._unknown(offers, name)}")
            if name not in names:
                self._configured(offers[name], options[name])
        for name in names:
            if name not in offers:
                raise self.error(f"{self.names_setting} names {self._unknown(offers, name)}")
        return [self._configured(offers[name], options.get(name, {})) for name in names]

    def load(self, configured: Configured[SpecT]) -> Any:
        """Calls the specification's loader. Raises ``error``, with a sentence that names the plugin and the remedy."""
        named = f"{self.noun} {configured.name!r}"
        provider = configured.provided.provider
        try:
            return configured.provided.spec.load(configured.options)
        except self.load_error as error:
            raise self.error(f"{named} cannot be loaded: {error}") from error
        except ImportError as error:
            raise self.error(
                f"{named} needs a package that is not installed or does not load: {error}; "
                f"install what {provider} asks for or take the {self.noun} out of {self.names_setting}"
            ) from error
        except Exception as error:
            raise self.error(
                f"{named} of {provider} cannot be loaded: {describe_error(error)}; mend it or take it out of {self.names_setting}"
            ) from error

    def _unknown(self, offers: Mapping[str, Provided[SpecT]], name: str) -> str:
        similar = get_close_matches(name, offers, n=2)
        hint = f"did you mean {' or '.join(map(repr, similar))}? " if similar else ""
        on_offer = ", ".join(offers) or "none"
        return f"an unknown {self.noun} {name!r}; {hint}{self.noun}s on offer: {on_offer}"

    def _configured(self, provided: Provided[SpecT], values: Mapping[str, Any]) -> Configured[SpecT]:
        name = provided.spec.name
        options = validated(
            provided.spec.options,
            values,
            what=f"{self.noun} {name!r}",
            setting=f"{self.options_setting}__{name.upper()}",
            fail=self.error,
        )
        return Configured(provided, options)
