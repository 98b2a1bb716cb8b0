import subprocess
import sys

import pytest

HEAVY = ("quart", "torch", "torchaudio", "speechbrain", "sklearn", "scipy", "matplotlib", "pyannote")


def loaded_by(statement):
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "speaker_tracker",
        "speaker_tracker.stage",
        "speaker_tracker.hookspecs",
        "speaker_tracker.events",
        "speaker_tracker.session",
        "speaker_tracker.plugins",
        "speaker_tracker.chain",
        "speaker_tracker.settings",
        "speaker_tracker.client",
        "speaker_tracker.tracking",
        "speaker_tracker.cli.main",
        "speaker_tracker.cli.stream",
        "speaker_tracker.cli.diarize",
        "speaker_tracker.cli.evaluate",
        "speaker_tracker.cli.stages",
    ],
)
def test_neither_contract_nor_light_commands_load_what_is_heavy(module):
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


def test_finding_every_plugin_loads_nothing_heavy():
    assert loaded_by("from speaker_tracker.plugins import PluginManager; PluginManager()").isdisjoint(HEAVY)


def test_the_help_text_imports_no_command():
    loaded = loaded_by("from speaker_tracker.cli.main import main; main(['--help'], standalone_mode=False)")
    assert loaded.isdisjoint({*HEAVY, "soundfile", "websockets"})
