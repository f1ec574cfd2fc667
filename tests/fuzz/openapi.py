"""Schemathesis sends a running worker whatever docs/openapi.yaml allows, and what it does not: part of `make fuzz`.

The worker is a real one, `--only notify,sources` on embedded Kafka, with a source for each preset. Every request is
signed, so that what is behind the signature is reached; one of the checks takes that away again. Each answer must be
documented, none 5xx, none later than ten seconds, and the worker's log holds no traceback.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from presses import SECRET as SLACK_SECRET
from presses import pressed
from source_targets import BODIES
from web_desk import OLD_SECRET, SECRET, SOURCES
from worker_process import WorkerProcess

from streams import admin, broker
from streams.settings import load

ROOT = Path(__file__).resolve().parents[2]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""All but those that hold a body against its schema: a body is whatever a helpdesk sends."""
PORT = 19892


def like(sample: Any) -> dict[str, Any]:
    """A schema of what looks like the sample, or is anything else in any of its places."""
    if isinstance(sample, dict):
        own: dict[str, Any] = {
            "type": "object",
            "properties": {name: like(value) for name, value in sample.items()},
            "required": list(sample),
        }
    elif isinstance(sample, list):
        own = {"type": "array", "items": like(sample[0]) if sample else {}, "maxItems": 3}
    else:
        own = {"enum": [sample]}
    return {"anyOf": [own, {}]}


def described() -> dict[str, Any]:
    """The description with a path for each source instead of the one for all, and bodies to begin with."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
    hook = document["paths"].pop("/hooks/{source}")
    for name, samples in BODIES.items():
        own = copy.deepcopy(hook["post"])
        del own["parameters"]
        own["operationId"] = f"hook-{name}"
        bodies = [json.loads(sample) for sample in samples]
        own["requestBody"]["content"]["application/json"] = {
            "schema": {"anyOf": [like(body) for body in bodies]},
            "examples": {str(place): {"value": body} for place, body in enumerate(bodies)},
        }
        document["paths"][f"/hooks/{name}"] = {"post": own}
    press = document["paths"]["/slack/interactions"]["post"]["requestBody"]["content"]
    payload = json.dumps(pressed("acknowledge", "ts-1"))
    press["application/x-www-form-urlencoded"]["examples"] = {"press": {"value": {"payload": payload}}}
    return document


def main() -> int:
    """Run; 1 if an answer was not as described, or the worker said what it should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--executable", default=".venv/bin/ticketspike")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ticketspike-openapi-"))
    (folder / "sources.toml").write_text(SOURCES)
    (folder / "openapi.json").write_text(json.dumps(described()))
    addresses = ",".join(broker.up(folder / "kafka", brokers=1, port=PORT))
    try:
        admin.create(load(kafka_bootstrap_servers=addresses))
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": addresses,
            "TICKETSPIKE_HMAC_KEY": "fuzz",
            "TICKETSPIKE_DATA_DIR": str(folder / "data"),
            "TICKETSPIKE_SOURCES": str(folder / "sources.toml"),
            "SECRET": SECRET,
            "OLD_SECRET": OLD_SECRET,
            "SLACK_SIGNING_SECRET": SLACK_SECRET,
        }
        worker = WorkerProcess(
            options.executable, environment, folder / "worker.log", "--only", "notify,sources"
        )
        worker.start()
        try:
            status = _fuzz(folder, worker.port, options.seconds, options.seed)
        finally:
            worker.stop()
    finally:
        broker.down(folder / "kafka")
    if "Traceback" in worker.said():
        sys.stdout.write(f"the worker's log holds a traceback: {folder / 'worker.log'}\n")
        return 1
    return 1 if status else 0


def _fuzz(folder: Path, port: int, seconds: int, seed: int) -> int:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(folder / "openapi.json")]
    command += ["--url", f"http://127.0.0.1:{port}", "--max-time", str(seconds), "--seed", str(seed)]
    command += [
        "--checks",
        ",".join(CHECKS),
        "--max-response-time",
        "10",
        "--phases",
        "examples,coverage,fuzzing",
    ]
    command += ["--continue-on-failure", "--generation-database", "none", "--no-color", "--warnings", "off"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "signing"}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
