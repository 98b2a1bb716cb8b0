"""What is written in deploy/, in its README and in comments, is about what exists."""

import re

import pytest

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.protocol import ErrorCode
from speaker_tracker.settings import OPTIONS_SETTINGS, PREFIX, Settings
from support.deploy_files import DEPLOY, documents

FILES = sorted(path for path in DEPLOY.rglob("*") if path.suffix in (".conf", ".env", ".md", ".yaml"))
README = (DEPLOY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_settings_that_are_named_exist(path):
    plugins = PluginManager()
    for name in re.findall(rf"{PREFIX}([A-Z][A-Z_]*)", path.read_text(encoding="utf-8")):
        setting, *parts = name.lower().split("__")
        assert setting in Settings.model_fields, f"{PREFIX}{name}"
        if parts:
            assert setting in OPTIONS_SETTINGS
            assert parts[0] in plugins.stages or parts[0] in plugins.observers, f"{PREFIX}{name}"


@pytest.mark.parametrize("entry", sorted(path.name for path in DEPLOY.iterdir() if not path.name.startswith(".")))
def test_all_that_is_there_is_in_the_list(entry):
    assert entry in README


def test_paths_in_commands_exist():
    paths = set(re.findall(r"\bdeploy/[\w./-]+\w", README))
    assert len(paths) > 5
    missing = {path for path in paths if not (DEPLOY.parent / path).exists()}
    assert missing <= {"deploy/.env"}


def test_codes_of_errors_exist():
    assert {"shutting_down", "server_busy", "session_too_long"} <= {code for code in ErrorCode if f"`{code}`" in README}


def test_names_of_resources_in_commands_are_those_of_the_manifests():
    (deployment,) = documents(DEPLOY / "kubernetes" / "deployment.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (tokens,) = [variable["valueFrom"]["secretKeyRef"] for variable in container["env"] if "valueFrom" in variable]
    chain = [source["configMapRef"]["name"] for source in container["envFrom"] if source["configMapRef"].get("optional")]

    assert f"kubectl create secret generic {tokens['name']} --from-literal={tokens['key']}=" in README
    assert f"kubectl create configmap {chain[0]} --from-env-file" in README
    assert f"kubectl rollout restart deployment {deployment['metadata']['name']}" in README
