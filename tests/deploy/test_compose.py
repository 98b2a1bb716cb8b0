"""compose.yaml: by the schema of the Compose specification, and by what the server and its image are."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from speaker_tracker.settings import PREFIX, Settings
from support.deploy_files import DEPLOY, IMAGE_USER, ROOT, env_file, seconds, seconds_to_end, settings_from

PATH = DEPLOY / "compose.yaml"
TEXT = PATH.read_text(encoding="utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
CHAINS = sorted(path.relative_to(DEPLOY) for path in (DEPLOY / "chains").glob("*.env"))
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def compose(**variables):
    """The file with these variables, the defaults of others, and anchors merged."""
    return yaml.safe_load(VARIABLE.sub(lambda match: variables.get(match[1], match[2]), TEXT))


SERVICES = compose()["services"]
SERVERS = {name: service for name, service in SERVICES.items() if "build" in service}
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
EACH_SERVER = pytest.mark.parametrize("service", SERVERS.values(), ids=SERVERS)


def violations(path):
    """What the schema has against a file; nothing is fetched, the schema is in the package."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    return done.stdout + done.stderr if done.returncode else ""


@pytest.fixture
def settings(monkeypatch):
    """Those of the server as it comes."""
    return settings_from(environment(SERVERS["speaker-tracker"]), monkeypatch)


def environment(service):
    given = {name: str(value) for name, value in service["environment"].items() if value is not None}
    return {name: value for file in service["env_file"] for name, value in env_file(DEPLOY / file).items()} | given


def test_it_fits_the_schema():
    assert not violations(PATH)


def test_the_schema_tells_a_misspelt_key(tmp_path):
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(TEXT.replace("stop_grace_period", "stop_grace_time"), encoding="utf-8")
    assert "stop_grace_time" in violations(wrong)


def test_it_says_no_version():
    assert "version" not in compose()


def test_settings_are_those_that_the_server_takes(settings):
    assert settings.observers == ["prometheus"]
    assert settings.workers == 1  # more of them need a writable /tmp, for the observer


@pytest.mark.parametrize("chain", CHAINS, ids=str)
def test_each_chain_can_be_given(chain, monkeypatch):
    service = compose(TRACKER_ENV_FILE=str(chain))["services"]["speaker-tracker"]
    settings = settings_from(environment(service), monkeypatch)
    assert ",".join(settings.stages) == env_file(DEPLOY / chain)[f"{PREFIX}STAGES"]
    assert settings.observers == ["prometheus"]


def test_no_secret_is_in_it():
    assert {name: value for service in SERVERS.values() for name, value in service["environment"].items() if "TOKEN" in name} == {
        f"{PREFIX}TOKENS": None
    }


def test_the_variables_at_its_head_are_those_that_it_takes():
    head = TEXT.split("\nname:")[0]
    named = set(re.findall(r"^#   ([A-Z_]+\w) ", head, re.MULTILINE))
    passed_on = {name for service in SERVERS.values() for name in service["build"]["args"]}
    assert named == {name for name, _ in VARIABLE.findall(TEXT)} | passed_on


@EACH_SERVICE
def test_each_service_can_do_no_more_than_it_must(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    user, group = service["user"].split(":")
    assert int(user) > 0 < int(group)
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["restart"] == "unless-stopped"


@EACH_SERVICE
def test_nothing_is_reached_from_elsewhere_by_default(service):
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@EACH_SERVER
def test_servers_run_as_the_images_user_and_by_its_health_check(service):
    assert service["user"] == f"{IMAGE_USER}:{IMAGE_USER}"
    assert not {"healthcheck", "tmpfs", "volumes", "entrypoint", "command"} & set(service)


@EACH_SERVER
@pytest.mark.parametrize("target", ["full", "slim"])
def test_what_is_built_is_in_the_containerfile(service, target):
    build = service["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == ROOT / "Containerfile"
    assert build["target"] == "full"
    assert re.search(rf"^FROM \S+ AS {target}$", CONTAINERFILE, re.MULTILINE)
    assert all(f"ARG {name}" in CONTAINERFILE for name in build["args"])


def test_the_image_is_what_the_manifests_say():
    lines = CONTAINERFILE.splitlines()
    assert f"USER {IMAGE_USER}:{IMAGE_USER}" in lines
    assert f"EXPOSE {Settings.model_fields['port'].default}" in lines
    assert "STOPSIGNAL SIGTERM" in lines
    assert any(line.startswith("HEALTHCHECK ") for line in lines)


def test_the_published_port_is_the_servers():
    (port,) = SERVERS["speaker-tracker"]["ports"]
    assert port.rpartition(":")[2] == str(Settings.model_fields["port"].default)


@EACH_SERVER
def test_servers_have_the_time_to_drain(service, settings):
    assert seconds(service["stop_grace_period"]) > seconds_to_end(settings)


def test_nginx_outlasts_the_servers_it_passes_reports_of():
    assert all(
        seconds(SERVICES["nginx"]["stop_grace_period"]) > seconds(service["stop_grace_period"]) for service in SERVERS.values()
    )
    # An order among them would end nginx first, and the reports with it.
    assert not any("depends_on" in service for service in SERVICES.values())


@EACH_SERVER
def test_the_server_counts_the_cores_of_its_limit(service, settings):
    assert service["cpus"]
    assert settings.worker_threads == 0


def test_nginx_finds_its_configuration_and_the_servers():
    (mount,) = SERVICES["nginx"]["volumes"]
    source, _target, mode = mount.split(":")
    assert (DEPLOY / source).is_file()
    assert mode == "ro"

    configuration = (DEPLOY / source).read_text(encoding="utf-8")
    (name, port) = re.findall(r"set \$servers http://([\w-]+):(\d+);", configuration)[0]
    assert all(name in service["networks"]["default"]["aliases"] for service in SERVERS.values())
    assert port == str(Settings.model_fields["port"].default)
    (published,) = SERVICES["nginx"]["ports"]
    assert re.findall(r"listen (\d+);", configuration) == [published.rpartition(":")[2]]
