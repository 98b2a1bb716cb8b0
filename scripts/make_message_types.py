"""Writes the types of the protocol's messages for the page's JavaScript, from the schemas of the AsyncAPI document.

    python scripts/make_message_types.py

The checks of types in ``make lint`` read what it writes; browsers never load it.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any, TypeAlias

from speaker_tracker.protocol.asyncapi import RECEIVED, SENT, document

Schema: TypeAlias = dict[str, Any]

TYPES = Path(__file__).parents[1] / "runtime" / "speaker_tracker" / "web" / "net" / "messages.d.ts"

HEAD = """\
// The messages of the protocol, made from asyncapi.yaml by scripts/make_message_types.py: do not edit.
"""
WIDTH = 132

SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def message_types() -> str:
    """The file's text: one declaration for each schema, and a union of the messages in each direction."""
    schemas: dict[str, Schema] = document()["components"]["schemas"]
    unions = {"ClientCommand": RECEIVED, "ServerMessage": SENT}
    declarations = [declaration(name, schema) for name, schema in schemas.items()]
    declarations += [alias(name, [model.__name__ for model in models.values()]) for name, models in unions.items()]
    return "\n".join([HEAD, *declarations])


def declaration(name: str, schema: Schema) -> str:
    """A schema as an exported interface, or as a type where it is no object."""
    comment = documented(schema, indent="")
    if schema["type"] != "object":
        return comment + alias(name, type_of(schema).split(" | "))
    required = schema.get("required", ())
    fields = "".join(
        f"{documented(field, indent='  ')}  {key}{'' if key in required else '?'}: {type_of(field)};\n"
        for key, field in schema["properties"].items()
    )
    return f"{comment}export interface {name} {{\n{fields}}}\n"


def alias(name: str, alternatives: list[str]) -> str:
    """A name for a union, on several lines where it is long."""
    line = f"export type {name} = {' | '.join(alternatives)};\n"
    return line if len(line) <= WIDTH else f"export type {name} =" + "".join(f"\n  | {each}" for each in alternatives) + ";\n"


def type_of(schema: Schema) -> str:
    """A schema as a type expression.

    Raises:
        ValueError: it is of a kind that no message has had so far.
    """
    match schema:
        case {"$ref": str(reference)}:
            expression = reference.rpartition("/")[2]
        case {"const": constant}:
            expression = json.dumps(constant)
        case {"enum": values}:
            expression = " | ".join(map(json.dumps, values))
        case {"anyOf": alternatives}:
            expression = " | ".join(map(type_of, alternatives))
        case {"type": "array", "items": items}:
            expression = f"{type_of(items)}[]"
        case {"type": "object", "additionalProperties": dict(values)}:
            expression = f"Record<string, {type_of(values)}>"
        case {"type": str(kind)} if kind in SCALARS:
            expression = SCALARS[kind]
        case _:
            raise ValueError(f"no type is known for {schema}")
    return expression


def documented(schema: Schema, *, indent: str) -> str:
    """The description of a schema as a comment of its own lines, empty where it has none."""
    description: str = schema.get("description", "")
    if not description:
        return ""
    lines = [line for text in description.splitlines() for line in textwrap.wrap(text, WIDTH - len(indent) - 3) or [""]]
    if len(lines) == 1 and len(lines[0]) + len(indent) + 7 <= WIDTH:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


if __name__ == "__main__":
    TYPES.write_text(message_types(), encoding="utf-8")
