"""The manifests of Kubernetes and Knative: by the schemas of Kubernetes, and by what the server and its image are."""

import json
import re
import shutil
import urllib.request

import kubernetes_validate
import pytest
import yaml

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.server.paths import HEALTH_PATH, READY_PATH
from speaker_tracker.settings import PREFIX, Settings
from speaker_tracker_plugins.cloudevents_reporter.destination import SINK_VARIABLE
from support.deploy_files import (
    DEPLOY,
    IMAGE_USER,
    KUBERNETES_VERSIONS,
    NEEDS_KUBECTL,
    documents,
    env_file,
    kinds,
    kustomized,
    seconds,
    seconds_to_end,
    settings_from,
)

KUBERNETES = DEPLOY / "kubernetes"
KNATIVE = DEPLOY / "knative"
KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))
SETTINGS_ENV = KUBERNETES / "settings.env"

RAW = [
    pytest.param(document, id=path.name)
    for path in sorted(KUBERNETES.glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for document in documents(path)
]

DEPLOYMENT, AUTOSCALER, SERVICE, BUDGET, POLICY, ACCOUNT = (
    documents(KUBERNETES / f"{name}.yaml")[0]
    for name in ("deployment", "autoscaler", "service", "disruption-budget", "network-policy", "service-account")
)
POD_TEMPLATE = DEPLOYMENT["spec"]["template"]
POD = POD_TEMPLATE["spec"]
(CONTAINER,) = POD["containers"]

(KNATIVE_SERVICE,) = documents(KNATIVE / "service.yaml")
(SINK_BINDING,) = documents(KNATIVE / "sinkbinding.yaml")
REVISION_TEMPLATE = KNATIVE_SERVICE["spec"]["template"]
REVISION = REVISION_TEMPLATE["spec"]
(REVISION_CONTAINER,) = REVISION["containers"]

BOTH_CONTAINERS = pytest.mark.parametrize("container", [CONTAINER, REVISION_CONTAINER], ids=["kubernetes", "knative"])
BOTH_PODS = pytest.mark.parametrize("pod", [POD, REVISION], ids=["kubernetes", "knative"])


def values(container):
    return {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}


@pytest.fixture
def settings(monkeypatch):
    """Those of the Deployment."""
    return settings_from(env_file(SETTINGS_ENV) | values(CONTAINER), monkeypatch)


@pytest.fixture
def revision_settings(monkeypatch):
    """Those of the Knative Service."""
    return settings_from(values(REVISION_CONTAINER), monkeypatch)


def read():
    """The same without kubectl, and without the hash in the name of the ConfigMap."""
    resources = [document for name in KUSTOMIZATION["resources"] for document in documents(KUBERNETES / name)]
    maps = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": generated["name"], "labels": generated["options"]["labels"]},
            "data": {name: value for file in generated["envs"] for name, value in env_file(KUBERNETES / file).items()},
        }
        for generated in KUSTOMIZATION["configMapGenerator"]
    ]
    return [*resources, *maps]


def rendered():
    return kustomized(KUBERNETES) if shutil.which("kubectl") else read()


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("document", RAW)
def test_each_manifest_fits_the_schema(document, version):
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_what_is_applied_fits_the_schema(version):
    resources = rendered()
    assert len(resources) == len(RAW) + len(KUSTOMIZATION["configMapGenerator"])
    for resource in resources:
        kubernetes_validate.validate(resource, version, strict=True)


def test_the_schema_tells_a_misspelt_field():
    wrong = json.loads(json.dumps(DEPLOYMENT).replace("readOnlyRootFilesystem", "readonlyRootFilesystem"))
    with pytest.raises(kubernetes_validate.ValidationError, match="readonlyRootFilesystem"):
        kubernetes_validate.validate(wrong, KUBERNETES_VERSIONS[-1], strict=True)


def test_every_manifest_is_applied():
    assert sorted(KUSTOMIZATION["resources"]) == sorted(
        path.name for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml"
    )


def test_all_that_pods_refer_to_is_applied_or_optional():
    applied = kinds(rendered())
    template = applied["Deployment"]["spec"]["template"]["spec"]
    (container,) = template["containers"]

    assert template["serviceAccountName"] == applied["ServiceAccount"]["metadata"]["name"]
    (needed,) = [source["configMapRef"]["name"] for source in container["envFrom"] if not source["configMapRef"].get("optional")]
    assert needed == applied["ConfigMap"]["metadata"]["name"]
    references = [variable["valueFrom"]["secretKeyRef"] for variable in container["env"] if "valueFrom" in variable]
    assert references
    assert all(reference["optional"] for reference in references)


def test_the_parts_find_each_other():
    labels = POD_TEMPLATE["metadata"]["labels"]
    selectors = [
        DEPLOYMENT["spec"]["selector"]["matchLabels"],
        SERVICE["spec"]["selector"],
        BUDGET["spec"]["selector"]["matchLabels"],
        POLICY["spec"]["podSelector"]["matchLabels"],
        *(constraint["labelSelector"]["matchLabels"] for constraint in POD["topologySpreadConstraints"]),
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)

    target = AUTOSCALER["spec"]["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"], target["name"]) == (
        DEPLOYMENT["apiVersion"], "Deployment", DEPLOYMENT["metadata"]["name"],
    )  # fmt: skip

    (port,) = CONTAINER["ports"]
    assert [each["targetPort"] for each in SERVICE["spec"]["ports"]] == [port["name"]]
    assert [each["port"] for rule in POLICY["spec"]["ingress"] for each in rule["ports"]] == [port["name"]]
    assert POD_TEMPLATE["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])


@BOTH_CONTAINERS
def test_ports_and_probes_are_the_servers(container):
    (port,) = container["ports"]
    assert port["containerPort"] == Settings.model_fields["port"].default
    probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
    paths = {"startupProbe": READY_PATH, "readinessProbe": READY_PATH, "livenessProbe": HEALTH_PATH}
    assert {"readinessProbe", "livenessProbe"} <= set(probes)
    assert {name: probe["path"] for name, probe in probes.items()} == {name: paths[name] for name in probes}
    assert {probe.get("port", port["name"]) for probe in probes.values()} == {port["name"]}


@BOTH_CONTAINERS
def test_the_images_are_placeholders_without_a_registry(container):
    assert re.fullmatch(r"speaker-tracker(:latest)?", container["image"])


def test_settings_are_those_that_the_server_takes(settings, revision_settings):
    assert settings.observers == ["prometheus"]
    assert settings.workers == revision_settings.workers == 1  # more of them need a writable /tmp, for the observer
    assert settings.max_sessions == revision_settings.max_sessions


@BOTH_CONTAINERS
def test_threads_are_one_for_each_core_requested(container):
    assert "cpu" not in container["resources"]["limits"]  # the server would see it, and need not be told
    assert int(values(container)[f"{PREFIX}WORKER_THREADS"]) == int(container["resources"]["requests"]["cpu"])


@BOTH_CONTAINERS
def test_tokens_come_from_a_secret(container):
    (tokens,) = [variable for variable in container["env"] if "valueFrom" in variable]
    assert tokens["name"] == f"{PREFIX}TOKENS"
    assert set(tokens["valueFrom"]) == {"secretKeyRef"}
    assert not any("TOKENS" in name for name in {**env_file(SETTINGS_ENV), **values(container)})


@BOTH_PODS
def test_variables_that_kubernetes_makes_of_services_are_kept_out(pod):
    assert pod["enableServiceLinks"] is False


@BOTH_PODS
def test_pods_have_no_access_to_the_cluster(pod):
    assert pod["automountServiceAccountToken"] is False
    assert ACCOUNT["automountServiceAccountToken"] is False


@BOTH_PODS
def test_pods_meet_the_standard_restricted_and_write_nothing(pod):
    (container,) = pod["containers"]
    context = pod.get("securityContext", {}) | container["securityContext"]
    assert context == {
        "runAsNonRoot": True,
        "runAsUser": IMAGE_USER,
        "runAsGroup": IMAGE_USER,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & set(pod)
    assert not any("hostPort" in port for port in container["ports"])


def test_a_pod_has_the_time_to_drain(settings):
    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["terminationGracePeriodSeconds"] > pause + seconds_to_end(settings)


def test_the_liveness_probe_outlasts_draining(settings):
    probe = CONTAINER["livenessProbe"]
    patience = probe["periodSeconds"] * probe["failureThreshold"]
    assert patience > POD["terminationGracePeriodSeconds"] > seconds_to_end(settings)


def test_a_server_stops_getting_sessions_before_it_is_killed(settings):
    probe = CONTAINER["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < settings.grace_seconds


def test_updates_take_no_server_away_before_there_is_another():
    assert DEPLOYMENT["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    assert "replicas" not in DEPLOYMENT["spec"]
    assert AUTOSCALER["spec"]["minReplicas"] > BUDGET["spec"]["maxUnavailable"]


def test_pods_are_added_before_they_are_full(settings):
    pods, cores = AUTOSCALER["spec"]["metrics"]
    assert int(pods["pods"]["target"]["averageValue"]) < settings.max_sessions
    assert cores["resource"]["name"] == "cpu"
    assert cores["resource"]["target"]["averageUtilization"] < 100


def test_the_server_answers_where_probes_and_prometheus_ask(settings, start_server):
    server = start_server(observers=settings.observers)
    assert server.health()[0] == 200

    address = server.url.replace("ws", "http", 1).removesuffix("/ws/session")
    path = POD_TEMPLATE["metadata"]["annotations"]["prometheus.io/path"]
    with urllib.request.urlopen(address + path, timeout=30) as response:
        metrics = response.read().decode()
    (pods, _cores) = AUTOSCALER["spec"]["metrics"]
    assert re.search(rf"^{pods['pods']['metric']['name']} 0\.0$", metrics, re.MULTILINE)
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bspeaker_tracker_\w+", readme))
    assert len(named) >= 3
    assert all(f"# TYPE {name} " in metrics for name in named)


@NEEDS_KUBECTL
def test_what_is_read_without_kubectl_is_what_it_renders():
    by_kubectl, by_reading = kinds(kustomized(KUBERNETES)), kinds(read())
    assert by_kubectl.keys() == by_reading.keys()
    assert by_kubectl["ConfigMap"]["data"] == by_reading["ConfigMap"]["data"]
    name = by_kubectl["ConfigMap"]["metadata"].pop("name")
    assert name.startswith(by_reading["ConfigMap"]["metadata"].pop("name") + "-")  # and a hash, so that changes roll out
    pods = by_reading["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    pods["envFrom"][0]["configMapRef"]["name"] = name
    pods["image"] += ":latest"
    assert by_kubectl == by_reading


@NEEDS_KUBECTL
def test_an_overlay_as_in_the_readme_renders(tmp_path):
    (block,) = re.findall(r"```yaml\n(# kustomization\.yaml.*?)```", (DEPLOY / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    shutil.copytree(DEPLOY, tmp_path / "base" / "deploy")
    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(block.replace("PATH", "../base"), encoding="utf-8")

    applied = kinds(kustomized(overlay))
    assert {resource["metadata"]["namespace"] for resource in applied.values()} == {"speaker-tracker"}
    (container,) = applied["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/speaker-tracker:1.0"
    assert env_file(SETTINGS_ENV).items() < applied["ConfigMap"]["data"].items()


# What Knative Serving takes without a feature flag: fieldmask.go and k8s_validation.go of its API, and its documentation.
REVISION_FIELDS = {
    "automountServiceAccountToken", "containerConcurrency", "containers", "enableServiceLinks", "idleTimeoutSeconds",
    "imagePullSecrets", "responseStartTimeoutSeconds", "serviceAccountName", "timeoutSeconds", "volumes",
}  # fmt: skip
NOT_OF_A_POD = {"containerConcurrency", "idleTimeoutSeconds", "responseStartTimeoutSeconds", "timeoutSeconds"}
CONTAINER_FIELDS = {
    "args", "command", "env", "envFrom", "image", "imagePullPolicy", "livenessProbe", "name", "ports", "readinessProbe",
    "resources", "securityContext", "terminationMessagePath", "terminationMessagePolicy", "volumeMounts", "workingDir",
}  # fmt: skip
RESERVED_VARIABLES = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
RESERVED_PORTS = {8008, 8012, 8013, 8022, 9090, 9091}
MOST_SECONDS_BY_DEFAULT = 600


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_a_revision_is_a_pod_but_for_what_knative_adds(version):
    spec = {name: value for name, value in REVISION.items() if name not in NOT_OF_A_POD}
    (port,) = REVISION_CONTAINER["ports"]
    probes = {
        name: probe | {"httpGet": {"port": port["containerPort"], **probe["httpGet"]}}  # Knative fills it in
        for name, probe in REVISION_CONTAINER.items()
        if name.endswith("Probe")
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": REVISION_TEMPLATE["metadata"] | {"name": "revision"},
        "spec": spec | {"containers": [REVISION_CONTAINER | probes]},
    }
    kubernetes_validate.validate(pod, version, strict=True)


def test_a_revision_has_fields_that_knative_takes():
    assert KNATIVE_SERVICE["apiVersion"] == "serving.knative.dev/v1"
    assert set(KNATIVE_SERVICE) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(KNATIVE_SERVICE["spec"]) <= {"template", "traffic"}
    assert set(REVISION) <= REVISION_FIELDS
    assert set(REVISION_CONTAINER) <= CONTAINER_FIELDS
    assert not {variable["name"] for variable in REVISION_CONTAINER["env"]} & RESERVED_VARIABLES


def test_a_revision_has_one_port_by_a_name_that_knative_takes():
    (port,) = REVISION_CONTAINER["ports"]
    assert port["name"] in ("http1", "")  # h2c has no WebSockets
    assert port["containerPort"] not in RESERVED_PORTS


def test_knative_proxies_the_readiness_probe_by_itself():
    assert set(REVISION_CONTAINER["readinessProbe"]) == {"httpGet"}  # no period: it asks quickly until the first answer
    assert REVISION_CONTAINER["livenessProbe"]["initialDelaySeconds"] >= 30  # it has no startup probe to wait for


def test_sessions_get_their_report_before_knative_cuts_them_off(revision_settings):
    cut = min(REVISION["timeoutSeconds"], REVISION["responseStartTimeoutSeconds"])
    assert revision_settings.max_session_seconds < cut <= REVISION["timeoutSeconds"] <= MOST_SECONDS_BY_DEFAULT
    assert REVISION["responseStartTimeoutSeconds"] <= REVISION["timeoutSeconds"]
    assert seconds_to_end(revision_settings) < REVISION["timeoutSeconds"]  # which is also the pod's time to end


def test_knative_scales_by_sessions_down_to_none(revision_settings):
    annotations = {
        name.removeprefix("autoscaling.knative.dev/"): value for name, value in REVISION_TEMPLATE["metadata"]["annotations"].items()
    }
    assert set(annotations) == {
        "class", "metric", "target-utilization-percentage", "min-scale", "max-scale", "scale-down-delay",
        "scale-to-zero-pod-retention-period",
    }  # fmt: skip
    assert annotations["class"] == "kpa.autoscaling.knative.dev"  # the other class does not scale to zero
    assert annotations["metric"] == "concurrency"
    assert 1 <= int(annotations["target-utilization-percentage"]) < 100
    assert 0 == int(annotations["min-scale"]) < int(annotations["max-scale"])
    assert all(0 < seconds(annotations[name]) <= 3600 for name in ("scale-down-delay", "scale-to-zero-pod-retention-period"))
    assert 0 < REVISION["containerConcurrency"] <= revision_settings.max_sessions
    assert revision_settings.observers == []  # all paths are open to those who reach the service


def test_the_sink_binding_binds_the_service():
    assert (SINK_BINDING["apiVersion"], SINK_BINDING["kind"]) == ("sources.knative.dev/v1", "SinkBinding")
    spec = SINK_BINDING["spec"]
    assert spec["subject"] == {
        "apiVersion": KNATIVE_SERVICE["apiVersion"],
        "kind": KNATIVE_SERVICE["kind"],
        "name": KNATIVE_SERVICE["metadata"]["name"],
    }
    assert set(spec) == {"subject", "sink"}
    assert set(spec["sink"]) == {"ref"}
    assert set(spec["sink"]["ref"]) == {"apiVersion", "kind", "name"}


def test_the_stage_that_the_sink_binding_serves_exists():
    text = (KNATIVE / "sinkbinding.yaml").read_text(encoding="utf-8")
    assert f" {SINK_VARIABLE}" in text
    assert "cloudevents_reporter" in text
    assert "cloudevents_reporter" in PluginManager().stages
