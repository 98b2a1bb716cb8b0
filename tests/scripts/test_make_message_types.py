"""The types that the page's JavaScript is checked with are those of the protocol."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_message_types.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_message_types", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stored_types_are_those_of_the_protocol(script):
    assert script.TYPES.read_text(encoding="utf-8") == script.message_types(), "run: python scripts/make_message_types.py"


def test_what_may_be_left_out_or_be_null_is_typed_so(script):
    schema = {
        "type": "object",
        "description": "A thing.",
        "properties": {
            "event": {"const": "thing"},
            "speakerId": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "Whose it is."},
            "times": {"type": "object", "additionalProperties": {"type": "integer"}},
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
        },
        "required": ["event", "speakerId", "times"],
    }
    assert script.declaration("Thing", schema) == (
        "/** A thing. */\n"
        "export interface Thing {\n"
        '  event: "thing";\n'
        "  /** Whose it is. */\n"
        "  speakerId: number | null;\n"
        "  times: Record<string, number>;\n"
        "  parts?: Part[];\n"
        "}\n"
    )


def test_a_schema_of_an_unknown_kind_is_refused(script):
    with pytest.raises(ValueError, match="no type is known for"):
        script.type_of({"allOf": []})
