import subprocess
import sys

import pytest

PRINT = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"

HEAVY = (
    "quart", "hypercorn", "torch", "torchaudio", "speechbrain", "sklearn", "scipy", "matplotlib", "pyannote", "ray", "sounddevice",
)  # fmt: skip

SITE = set(subprocess.check_output([sys.executable, "-c", PRINT], text=True).split())
"""What the start of Python alone loads, such as finders of editable installations."""


def loaded_by(statement):
    code = f"{statement}\n{PRINT}"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def others(loaded):
    """Without what is Python's own."""
    return {name for name in loaded - SITE - sys.stdlib_module_names if not name.startswith("_sysconfigdata")}


@pytest.mark.parametrize(
    "module",
    [
        "speaker_tracker",
        "speaker_tracker.stage",
        "speaker_tracker.hookspecs",
        "speaker_tracker.events",
        "speaker_tracker.engine.session",
        "speaker_tracker.engine.plugins",
        "speaker_tracker.engine.chain",
        "speaker_tracker.settings",
        "speaker_tracker.client",
        "speaker_tracker.live",
        "speaker_tracker.protocol.asyncapi",
        "speaker_tracker.results.tracking",
        "speaker_tracker.cli.main",
        "speaker_tracker.cli.stream.command",
        "speaker_tracker.cli.diarize",
        "speaker_tracker.cli.label",
        "speaker_tracker.cli.evaluate",
        "speaker_tracker.cli.bench",
        "speaker_tracker.cli.stages",
        "speaker_tracker.cli.stream.live_view",
        "speaker_tracker.cli.stream.microphone",
        "speaker_tracker.cli.versions",
        "speaker_tracker.cli.completion",
    ],
)
def test_neither_contract_nor_light_commands_load_what_is_heavy(module):
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


def test_the_application_for_asgi_servers_loads_no_model_before_it_is_started():
    loaded = loaded_by("import speaker_tracker.asgi; speaker_tracker.asgi.create_app()")
    assert loaded.isdisjoint({*HEAVY, "onnxruntime", "silero_vad", "speaker_tracker_stages"} - {"quart", "hypercorn"})


def test_a_client_loads_no_more_than_it_needs():
    loaded = loaded_by("from speaker_tracker.client import TrackerClient, TrackerClientSync; import speaker_tracker.client.sync")
    of_pydantic = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
    assert others(loaded) <= {"speaker_tracker", "websockets", *of_pydantic}


def test_the_package_alone_loads_nothing_and_has_what_it_promises():
    assert others(loaded_by("import speaker_tracker")) == {"speaker_tracker"}
    loaded_by("from speaker_tracker import *; __version__, hookimpl")
    loaded_by("from speaker_tracker.client import *; TrackerClient, TrackerClientSync")
    for module in ("speaker_tracker", "speaker_tracker.client"):
        with pytest.raises(subprocess.CalledProcessError) as raised:
            loaded_by(f"import {module}; {module}.nothing")
        assert f"AttributeError: module '{module}' has no attribute 'nothing'" in raised.value.stderr


def test_finding_every_plugin_loads_nothing_heavy():
    assert loaded_by("from speaker_tracker.engine.plugins import PluginManager; PluginManager()").isdisjoint(HEAVY)


def test_the_help_text_imports_no_command():
    loaded = loaded_by("from speaker_tracker.cli.main import main; main(['--help'], standalone_mode=False)")
    assert loaded.isdisjoint({*HEAVY, "soundfile", "websockets"})
