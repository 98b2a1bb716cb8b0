"""``speaker-tracker stages``: the chain and the observers as configured, and what else is on offer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import click
from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from speaker_tracker.cli.common import config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.engine.assembly import configure_chain, find_observers, find_plugins
from speaker_tracker.engine.offers import ProvidedObserver, ProvidedStage
from speaker_tracker.engine.options import option_names
from speaker_tracker.events import Event
from speaker_tracker.settings import Settings, value_sources
from speaker_tracker.stage import StageOptions

DEFAULT = "default"
MIN_WIDTH = 100
INDENT = 4

Description = Mapping[str, Any]
"""A stage or an observer as ``--json`` prints it."""
Sources = Mapping[tuple[str, ...], str]
"""Sources of settings, as from ``value_sources``."""


@click.command(
    short_help="Show the stages and observers as configured, and every option.",
    epilog=examples(
        "speaker-tracker stages",
        "SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__THRESHOLD=0.4 speaker-tracker stages",
        "speaker-tracker stages --config settings.toml --json",
    ),
)
@click.option("--json", "as_document", is_flag=True, help="One JSON document, for machines.")
@config_option
def command(*, as_document: bool) -> None:
    """Show the configured chain of stages, with their providers, and every option with its value and source.

    Other installed stages follow, then observers, such as for metrics. Nothing is loaded.
    """
    document = _document(settings_from())
    if as_document:
        click.echo(json.dumps(document, indent=2, default=str))
        return
    console = Console(highlight=False, soft_wrap=False)
    console.width = max(console.width, MIN_WIDTH)
    console.print(Text.assemble(("Chain", "bold"), f" (order: {document['stagesFrom']})"))
    for number, description in enumerate(document["stages"], start=1):
        _print_described(console, f"{number}.", description)
    _print_list(console, "On offer, not in the chain", document["onOffer"])
    _print_list(console, "Observers", document["observers"], f" (named by: {document['observersFrom']})")
    _print_list(console, "Observers on offer, not in use", document["observersOnOffer"])
    if document["pluginsWithoutOffer"]:
        console.print(Text.assemble(("\nPlugins that offer nothing", "bold"), " (is a hook not marked with @hookimpl?)"))
        for provider in document["pluginsWithoutOffer"]:
            console.print(Text(f"\n - {provider}"))


def _document(settings: Settings) -> dict[str, Any]:
    plugins = find_plugins(settings)
    chain = configure_chain(settings, plugins)
    observers = find_observers(settings, plugins)
    sources = value_sources({})
    in_chain = {stage.name for stage in chain}
    observing = {observer.name for observer in observers}
    return {
        "stagesFrom": sources.get(("stages",), DEFAULT),
        "stages": [_stage(stage.provided, stage.options, sources) for stage in chain],
        "onOffer": [
            _stage(provided, _as_set(provided.spec.options, settings.stage_options.get(name)), sources)
            for name, provided in plugins.stages.items()
            if name not in in_chain
        ],
        "observersFrom": sources.get(("observers",), DEFAULT),
        "observers": [_observer(observer.provided, observer.options, sources) for observer in observers],
        "observersOnOffer": [
            _observer(provided, _as_set(provided.spec.options, settings.observer_options.get(name)), sources)
            for name, provided in plugins.observers.items()
            if name not in observing
        ],
        "pluginsWithoutOffer": list(plugins.idle),
    }


def _as_set(model: type[StageOptions], values: Mapping[str, Any] | None) -> StageOptions | None:
    """Options of an offer that is not in use; None if none is set, as some may have no default."""
    return None if values is None else model.model_validate(values)


def _stage(provided: ProvidedStage, options: StageOptions | None, sources: Sources) -> dict[str, Any]:
    spec = provided.spec
    return {
        "name": spec.name,
        "summary": spec.summary,
        "provider": provided.provider,
        "consumes": _names(spec.consumes),
        "mayConsume": _names(spec.may_consume),
        "produces": _names(spec.produces),
        "options": _options(spec.options, options, ("stage_options", spec.name), sources),
    }


def _observer(provided: ProvidedObserver, options: StageOptions | None, sources: Sources) -> dict[str, Any]:
    spec = provided.spec
    return {
        "name": spec.name,
        "summary": spec.summary,
        "provider": provided.provider,
        "options": _options(spec.options, options, ("observer_options", spec.name), sources),
    }


def _names(types: Iterable[type[Event]]) -> list[str]:
    return sorted(event_type.__name__ for event_type in types)


def _options(
    model: type[StageOptions], options: StageOptions | None, setting: tuple[str, str], sources: Sources
) -> list[dict[str, Any]]:
    values = {} if options is None else options.model_dump(mode="json")  # which masks secrets
    described = []
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        default = None if default is PydanticUndefined else default
        described.append(
            {
                "name": name,
                "value": values.get(name, default),
                "default": default,
                "from": next(
                    (sources[path] for each in option_names(name, field) if (path := (*setting, each)) in sources), DEFAULT
                ),
                "description": field.description or "",
            }
        )
    return described


def _print_list(console: Console, heading: str, descriptions: Iterable[Description], more: str = "") -> None:
    for number, description in enumerate(descriptions):
        if number == 0:
            console.print(Text.assemble((f"\n{heading}", "bold"), more))
        _print_described(console, " -", description)


def _print_described(console: Console, mark: str, described: Description) -> None:
    console.print(Text.assemble(f"\n {mark} ", (described["name"], "bold cyan"), f"  {described['summary']}"))
    console.print(Padding(Text(f"provided by {described['provider']}"), (0, 0, 0, INDENT), expand=False))
    if "consumes" in described:
        flow = f"{', '.join(described['consumes']) or 'nothing'} -> {', '.join(described['produces']) or 'nothing'}"
        console.print(Padding(Text(flow), (0, 0, 0, INDENT), expand=False))
        if described["mayConsume"]:
            optional = f"also reads, if a stage before produces them: {', '.join(described['mayConsume'])}"
            console.print(Padding(Text(optional), (0, 0, 0, INDENT), expand=False))
    if not described["options"]:
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(min_width=8, max_width=24, overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    for option in described["options"]:
        changed = option["from"] != DEFAULT
        origin = f"  [from {option['from']}; default {_shown(option['default'])}]" if changed else ""
        about = Text.assemble(option["description"], (origin, "yellow"))
        table.add_row(Text(option["name"]), Text(_shown(option["value"]), style="bold" if changed else ""), about)
    console.print(Padding(table, (0, 0, 0, INDENT), expand=False))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, default=str)
