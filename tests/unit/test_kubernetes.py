"""The Kubernetes manifest: its parts fit one another and the worker, and nothing runs with more than it needs.

No schema of Kubernetes is at hand offline; docs/scaling.md says with what the manifest was decoded strictly, once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.running_stages import STAGES, STOP_SECONDS
from streams.settings import Settings

MANIFEST = Path(__file__).resolve().parents[2] / "deploy/kubernetes/ticketspike.yaml"
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] == kind}


SETS = {name.removeprefix("ticketspike-"): one["spec"] for name, one in of("StatefulSet").items()}


def pod(stage: str) -> dict[str, Any]:
    spec: dict[str, Any] = SETS[stage]["template"]["spec"]
    return spec


def worker(stage: str) -> dict[str, Any]:
    [container] = pod(stage)["containers"]
    return dict(container)


def test_every_stage_has_a_set_with_its_service_and_its_budget() -> None:
    assert set(SETS) == set(STAGES)
    for stage, spec in SETS.items():
        labels = spec["template"]["metadata"]["labels"]
        service = of("Service")[spec["serviceName"]]["spec"]
        budget = of("PodDisruptionBudget")[f"ticketspike-{stage}"]["spec"]
        assert (
            spec["selector"]["matchLabels"]
            == labels
            == service["selector"]
            == budget["selector"]["matchLabels"]
        )
        assert labels["app.kubernetes.io/component"] == stage
        assert spec["replicas"] > budget["maxUnavailable"]
        assert worker(stage)["args"] == ["worker", "--only", stage]


@pytest.mark.parametrize("stage", STAGES)
def test_probes_ask_what_the_worker_answers_and_for_this_stage_alone(stage: str) -> None:
    container = worker(stage)
    [port] = container["ports"]
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert all(probe["port"] == port["name"] for probe in probes.values())
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": f"/readyz?stage={stage}",
    }
    data = of("ConfigMap")["ticketspike"]["data"]
    assert data["TICKETSPIKE_WEB_PORT"] == str(port["containerPort"])
    assert pod(stage)["terminationGracePeriodSeconds"] > STOP_SECONDS


@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_is_nobody_and_writes_to_its_own_volume_alone(stage: str) -> None:
    security, container = pod(stage)["securityContext"], worker(stage)
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["fsGroup"] == 10001
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(stage)["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (
        {"cpu", "memory"}
        == container["resources"]["limits"].keys()
        == container["resources"]["requests"].keys()
    )
    written = {one["name"]: one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
    [claim] = SETS[stage]["volumeClaimTemplates"]
    assert (
        written[claim["metadata"]["name"]] == of("ConfigMap")["ticketspike"]["data"]["TICKETSPIKE_DATA_DIR"]
    )
    assert set(written) == {claim["metadata"]["name"], "tmp"}
    volumes = {volume["name"] for volume in pod(stage)["volumes"]} | {claim["metadata"]["name"]}
    assert {one["name"] for one in container["volumeMounts"]} == volumes


def test_settings_are_ones_that_there_are_and_secrets_come_from_secrets() -> None:
    data = of("ConfigMap")["ticketspike"]["data"]
    known = {name.upper() for name in Settings.model_fields} | {"TICKETSPIKE_LOG"}
    assert set(data) <= known
    assert not [name for name in data if "PASSWORD" in name or "TOKEN" in name or "KEY" in name]
    assert not of("Secret")
    Settings(**{name.lower(): value for name, value in data.items()})


def test_only_the_stage_that_talks_to_slack_gets_its_token_and_each_stage_its_own_kafka_user() -> None:
    for stage in STAGES:
        secrets = {one["secretRef"]["name"] for one in worker(stage)["envFrom"] if "secretRef" in one}
        wanted = {"ticketspike", f"ticketspike-kafka-{stage}"} | (
            {"ticketspike-slack"} if stage == "notify" else set()
        )
        assert secrets == wanted
