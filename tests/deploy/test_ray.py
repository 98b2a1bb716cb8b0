"""The Serve application and the RayService: by Ray's own schema, by that of Kubernetes, and by the fields that KubeRay has."""

import json
import re

import kubernetes_validate
import pytest
import yaml
from ray.serve.schema import ServeApplicationSchema, ServeDeploySchema

from speaker_tracker.ray_serve import ApplicationArguments, application
from speaker_tracker.ray_serve.front_end import front_end_settings
from support.deploy_files import (
    DEPLOY,
    IMAGE_USER,
    KUBERNETES_VERSIONS,
    NEEDS_KUBECTL,
    documents,
    kinds,
    kustomized,
    seconds_to_end,
)
from support.pages import text_of

KUBERAY = DEPLOY / "kubernetes" / "kuberay"
KUSTOMIZATION = yaml.safe_load((KUBERAY / "kustomization.yaml").read_text(encoding="utf-8"))
(RAY_SERVICE,) = documents(KUBERAY / "rayservice.yaml")
SERVICE, BUDGET, POLICY = (documents(KUBERAY / f"{name}.yaml")[0] for name in ("service", "disruption-budget", "network-policy"))
SPEC = RAY_SERVICE["spec"]
CLUSTER = SPEC["rayClusterConfig"]
HEAD, WORKERS = CLUSTER["headGroupSpec"], CLUSTER["workerGroupSpecs"]
GROUPS = {"head": HEAD, **{group["groupName"]: group for group in WORKERS}}
(SERVE,) = documents(DEPLOY / "ray" / "serve.yaml")
(APPLICATION,) = SERVE["applications"]
ARGUMENTS = ApplicationArguments.model_validate(APPLICATION["args"])

# What the custom resource definition of RayService (ray.io/v1) has, and the types of what is used here: rayservice_types.go and
# raycluster_types.go of KubeRay. The definition prunes other fields without a word.
FIELDS = {
    "spec": {
        "deploymentUnhealthySecondThreshold": int, "excludeHeadPodFromServeSvc": bool, "rayClusterConfig": dict,
        "rayClusterDeletionDelaySeconds": int, "serveConfigV2": str, "serveService": dict, "serviceUnhealthySecondThreshold": int,
        "suspend": bool, "upgradeStrategy": dict,
    },
    "cluster": {
        "autoscalerOptions": dict, "enableInTreeAutoscaling": bool, "gcsFaultToleranceOptions": dict,
        "headGroupSpec": dict, "headServiceAnnotations": dict, "managedBy": str, "rayVersion": str, "suspend": bool,
        "workerGroupSpecs": list,
    },
    "autoscaler": {
        "env": list, "envFrom": list, "idleTimeoutSeconds": int, "image": str, "imagePullPolicy": str, "resources": dict,
        "securityContext": dict, "upscalingMode": str, "version": str, "volumeMounts": list,
    },
    "head": {"enableIngress": bool, "headService": dict, "rayStartParams": dict, "serviceType": str, "template": dict},
    "worker": {
        "groupName": str, "idleTimeoutSeconds": int, "maxReplicas": int, "minReplicas": int, "numOfHosts": int,
        "rayStartParams": dict, "replicas": int, "scaleStrategy": dict, "suspend": bool, "template": dict,
    },
}  # fmt: skip
UPGRADES = {"None", "NewCluster", "NewClusterWithIncrementalUpgrade"}
LONGEST_NAME = 41
"""The operator makes names of Services and pods of the RayService's."""


def wrong_fields(part, kind):
    known = FIELDS[kind]
    return {name for name, value in part.items() if name not in known or type(value) is not known[name]}


def test_the_serve_configuration_fits_ray_s_schema():
    ServeDeploySchema.model_validate(SERVE)
    assert set(SERVE) <= set(ServeDeploySchema.model_fields)  # others would be passed over
    assert set(APPLICATION) <= set(ServeApplicationSchema.model_fields)


def test_the_serve_configuration_is_an_application_of_ours(monkeypatch):
    monkeypatch.delenv("SPEAKER_TRACKER_STAGES", raising=False)
    assert APPLICATION["import_path"] == f"{application.__module__.rpartition('.')[0]}:{application.__name__}"
    assert application(ARGUMENTS)._bound_deployment.name == "FrontEnd"


def test_the_rayservice_has_the_same_application():
    assert yaml.safe_load(SPEC["serveConfigV2"]) == {"applications": SERVE["applications"]}
    ServeDeploySchema.model_validate(yaml.safe_load(SPEC["serveConfigV2"]))


def test_the_rayservice_has_fields_that_kuberay_has():
    assert (RAY_SERVICE["apiVersion"], RAY_SERVICE["kind"]) == ("ray.io/v1", "RayService")
    assert set(RAY_SERVICE) == {"apiVersion", "kind", "metadata", "spec"}
    assert len(RAY_SERVICE["metadata"]["name"]) <= LONGEST_NAME
    assert not wrong_fields(SPEC, "spec")
    assert not wrong_fields(CLUSTER, "cluster")
    assert not wrong_fields(CLUSTER["autoscalerOptions"], "autoscaler")
    assert not wrong_fields(HEAD, "head")
    assert not any(wrong_fields(group, "worker") for group in WORKERS)
    assert SPEC["upgradeStrategy"]["type"] in UPGRADES
    assert wrong_fields({**HEAD, "rayStartParam": {}}, "head") == {"rayStartParam"}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_what_ray_is_started_with_is_text(group):
    parameters = group["rayStartParams"]
    assert all(isinstance(value, str) for value in parameters.values())
    assert int(parameters["object-store-memory"]) >= 80_000_000


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_pods_fit_the_schema_of_kubernetes(group, version):
    template = group["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": "ray"}, "spec": template["spec"]}
    kubernetes_validate.validate(pod, version, strict=True)


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("document", [SERVICE, BUDGET, POLICY], ids=lambda document: document["kind"])
def test_the_other_manifests_fit_the_schema_of_kubernetes(document, version):
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_pods_meet_the_standard_restricted_and_write_into_memory_alone(group):
    pod = group["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"] | container["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": IMAGE_USER,
        "runAsGroup": IMAGE_USER,
        "fsGroup": IMAGE_USER,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert [volume["emptyDir"]["medium"] for volume in pod["volumes"]] == ["Memory"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
    assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]
    assert re.fullmatch(r"speaker-tracker", container["image"])


def test_replicas_find_a_node_with_their_resources():
    offered = {}
    for group in WORKERS:
        resources = json.loads(json.loads(group["rayStartParams"]["resources"]))
        cores, pods = float(group["rayStartParams"]["num-cpus"]), group["maxReplicas"]
        offered |= {name: (amount, cores, pods) for name, amount in resources.items()}
        (container,) = group["template"]["spec"]["containers"]
        assert container["resources"]["requests"]["cpu"] == group["rayStartParams"]["num-cpus"]
    for replicas in (ARGUMENTS.front_end, ARGUMENTS.voice_model):
        ((name, needed),) = replicas.resources.items()
        amount, cores, pods = offered[name]
        on_a_node = min(amount // needed, cores // replicas.num_cpus)
        assert on_a_node >= 1
        assert replicas.max_replicas <= on_a_node * pods


def test_the_version_of_ray_is_the_pinned_one():
    assert f"ray=={CLUSTER['rayVersion']}\n" in text_of("constraints.txt")


def test_sessions_come_in_where_front_ends_are():
    assert SERVICE["spec"]["selector"]["ray.io/group"] == BUDGET["spec"]["selector"]["matchLabels"]["ray.io/group"]
    group = GROUPS[SERVICE["spec"]["selector"]["ray.io/group"]]
    labels = group["template"]["metadata"]["labels"]
    assert SERVICE["spec"]["selector"]["app.kubernetes.io/name"] == labels["app.kubernetes.io/name"]
    assert POLICY["spec"]["podSelector"]["matchLabels"] == labels
    (port,) = group["template"]["spec"]["containers"][0]["ports"]
    assert [each["targetPort"] for each in SERVICE["spec"]["ports"]] == [port["name"]]
    assert port["containerPort"] == SERVE["http_options"]["port"]
    assert ARGUMENTS.front_end.resources.keys() <= json.loads(json.loads(group["rayStartParams"]["resources"])).keys()


def test_an_old_cluster_lives_as_long_as_its_sessions_may(monkeypatch):
    monkeypatch.delenv("SPEAKER_TRACKER_STAGES", raising=False)
    settings = front_end_settings(ARGUMENTS.settings, ARGUMENTS.embedding_stage)
    assert SPEC["rayClusterDeletionDelaySeconds"] >= settings.max_session_seconds + seconds_to_end(settings)


def test_every_manifest_is_applied():
    there = {path.name for path in KUBERAY.glob("*.yaml")} - {"kustomization.yaml"}
    assert there == {*KUSTOMIZATION["resources"], *KUSTOMIZATION["configurations"]}


@NEEDS_KUBECTL
def test_an_image_is_put_into_all_pods():
    applied = kinds(kustomized(KUBERAY))
    assert applied.keys() == {"RayService", "Service", "PodDisruptionBudget", "NetworkPolicy"}
    cluster = applied["RayService"]["spec"]["rayClusterConfig"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        assert [container["image"] for container in group["template"]["spec"]["containers"]] == ["speaker-tracker:ray"]


def test_the_image_has_what_nodes_need():
    containerfile = text_of("deploy/ray/Containerfile")
    assert "wget" in containerfile  # probes of KubeRay
    assert "/opt/venv/bin/ray" in containerfile  # called by a login shell
    assert f"USER {IMAGE_USER}:{IMAGE_USER}" in containerfile
    assert "deploy/locks/ray.txt" in containerfile
