"""``speaker-tracker stages``: the chain as configured, and what else is on offer."""

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

from speaker_tracker.assembly import configure_chain, find_plugins
from speaker_tracker.cli.common import config_option, settings_from
from speaker_tracker.events import Event
from speaker_tracker.plugins import ProvidedStage
from speaker_tracker.settings import origins

DEFAULT = "default"
MIN_WIDTH = 100
INDENT = 4

Description = Mapping[str, Any]
"""A stage as ``--json`` prints it."""


@click.command(short_help="Show the chain of stages as configured, and every option.")
@click.option("--json", "as_document", is_flag=True, help="One JSON document, for machines.")
@config_option
def command(*, as_document: bool) -> None:
    """Show the chain of stages as configured, who provides each, and every option with its value and where it came from.

    Stages that are on offer but not in the chain follow. Nothing is loaded.
    """
    settings = settings_from()
    plugins = find_plugins(settings)
    configured = configure_chain(settings, plugins)
    sources = origins({})
    in_chain = [_described(stage.provided, stage.options.model_dump(mode="json"), sources) for stage in configured]
    names = {stage.name for stage in configured}
    on_offer = [
        _described(provided, settings.stage_options.get(provided.spec.name, {}), sources)
        for provided in plugins
        if provided.spec.name not in names
    ]
    order_from = sources.get(("stages",), DEFAULT)
    if as_document:
        click.echo(json.dumps({"stagesFrom": order_from, "stages": in_chain, "onOffer": on_offer}, indent=2, default=str))
        return
    console = Console(highlight=False, soft_wrap=False)
    console.width = max(console.width, MIN_WIDTH)
    console.print(Text.assemble(("Chain", "bold"), f" (order: {order_from})"))
    for number, description in enumerate(in_chain, start=1):
        _print_stage(console, f"{number}.", description)
    if on_offer:
        console.print(Text("\nOn offer, not in the chain", style="bold"))
    for description in on_offer:
        _print_stage(console, " -", description)


def _described(provided: ProvidedStage, values: Mapping[str, Any], sources: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    spec = provided.spec
    options = []
    for name, field in spec.options.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        default = None if default is PydanticUndefined else default
        options.append(
            {
                "name": name,
                "value": values.get(name, default),
                "default": default,
                "from": sources.get(("stage_options", spec.name, name), DEFAULT),
                "description": field.description or "",
            }
        )
    return {
        "name": spec.name,
        "summary": spec.summary,
        "provider": provided.provider,
        "consumes": _names(spec.consumes),
        "produces": _names(spec.produces),
        "options": options,
    }


def _names(types: Iterable[type[Event]]) -> list[str]:
    return sorted(event_type.__name__ for event_type in types)


def _print_stage(console: Console, mark: str, stage: Description) -> None:
    console.print(Text.assemble(f"\n {mark} ", (stage["name"], "bold cyan"), f"  {stage['summary']}"))
    console.print(Padding(Text(f"provided by {stage['provider']}"), (0, 0, 0, INDENT), expand=False))
    flow = f"{', '.join(stage['consumes']) or 'nothing'} -> {', '.join(stage['produces']) or 'nothing'}"
    console.print(Padding(Text(flow), (0, 0, 0, INDENT), expand=False))
    if not stage["options"]:
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(min_width=8, max_width=24, overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    for option in stage["options"]:
        changed = option["from"] != DEFAULT
        origin = f"  [from {option['from']}; default {_shown(option['default'])}]" if changed else ""
        about = Text.assemble(option["description"], (origin, "yellow"))
        table.add_row(Text(option["name"]), Text(_shown(option["value"]), style="bold" if changed else ""), about)
    console.print(Padding(table, (0, 0, 0, INDENT), expand=False))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, default=str)
