"""The kustomize base: rendered where `kubectl` is at hand, and what a cluster's operator relies on."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

BASE = Path(__file__).resolve().parent.parent.parent / "deploy/kubernetes"


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    """As kustomize renders them; without `kubectl` as they are written."""
    kubectl = shutil.which("kubectl")
    if kubectl:
        text = subprocess.run(
            [kubectl, "kustomize", str(BASE)], check=True, capture_output=True, text=True
        ).stdout
    else:
        resources = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
        text = "\n---\n".join((BASE / name).read_text() for name in resources)
    return [found for found in yaml.safe_load_all(text) if found]


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        found["metadata"]["name"]: found["spec"]["template"]["spec"]
        for found in objects
        if found["kind"] in ("Deployment", "Job")
    }


def named(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    [found] = [found for found in objects if found["kind"] == kind]
    return found


def test_every_file_of_the_base_is_part_of_it() -> None:
    listed = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {path.name for path in BASE.iterdir()}


def test_it_has_servers_a_worker_and_a_migration(objects: list[dict[str, Any]]) -> None:
    assert set(pods(objects)) == {"hubsso-web", "hubsso-worker", "hubsso-migrate"}


def test_containers_are_locked_down(objects: list[dict[str, Any]]) -> None:
    for name, pod in pods(objects).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert container["resources"]["limits"]["memory"], name
        assert container["resources"]["requests"]["cpu"], name


def test_secrets_come_from_a_secret_alone(objects: list[dict[str, Any]]) -> None:
    assert not [found for found in objects if found["kind"] == "Secret"]
    config = named(objects, "ConfigMap")["data"]
    assert not [
        name for name in config if any(word in name for word in ("SECRET", "KEY", "PASSWORD", "TOKEN"))
    ]
    for pod in pods(objects).values():
        assert {"secretRef": {"name": "hubsso"}} in pod["containers"][0]["envFrom"]


def test_an_update_or_a_drained_machine_leaves_a_server(objects: list[dict[str, Any]]) -> None:
    [web] = [
        found
        for found in objects
        if found["metadata"]["name"] == "hubsso-web" and found["kind"] == "Deployment"
    ]
    assert web["spec"]["replicas"] >= 2
    assert web["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert named(objects, "PodDisruptionBudget")["spec"]["minAvailable"] >= 1
    scaler = named(objects, "HorizontalPodAutoscaler")["spec"]
    assert scaler["scaleTargetRef"]["name"] == "hubsso-web"
    assert scaler["minReplicas"] >= 2


def test_probes_ask_what_they_are_for(objects: list[dict[str, Any]]) -> None:
    [web] = pods(objects)["hubsso-web"]["containers"]
    asked = {
        name: web[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe", "startupProbe")
    }
    assert asked == {"livenessProbe": "/healthz", "readinessProbe": "/readyz", "startupProbe": "/healthz"}


def test_selectors_find_their_pods(objects: list[dict[str, Any]]) -> None:
    labels = {
        found["metadata"]["name"]: found["spec"]["template"]["metadata"]["labels"]
        for found in objects
        if found["kind"] == "Deployment"
    }
    service = named(objects, "Service")["spec"]["selector"]
    assert service.items() <= labels["hubsso-web"].items()
    for found in objects:
        if found["kind"] == "Deployment":
            wanted = found["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= labels[found["metadata"]["name"]].items()
