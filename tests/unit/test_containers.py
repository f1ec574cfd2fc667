"""What runs in containers runs as nobody in particular, on a file system that it cannot write to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"].startswith("ticketspike")}
LAST_STAGE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2].splitlines()


def instructions(name: str) -> list[str]:
    return [line.removeprefix(f"{name} ") for line in LAST_STAGE if line.startswith(f"{name} ")]


def test_the_image_ends_as_a_numbered_user_that_is_not_root() -> None:
    # A number, since an orchestrator cannot see that a name is not root.
    assert instructions("USER") == ["10001"]
    user = LAST_STAGE.index("USER 10001")
    assert not [line for line in LAST_STAGE[user:] if re.match(r"(RUN|COPY|ADD) ", line)]


def test_the_image_is_pinned_and_what_it_installs_is_hashed() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    images = re.findall("^FROM (.*)$", text, re.MULTILINE)
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+( AS build)?", one) for one in images)
    installs = re.findall(r"pip install ([^\n\\]*)", text)
    assert installs
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)


@pytest.mark.parametrize("service", OURS.values(), ids=OURS)
def test_our_services_can_write_to_their_volume_and_tmp_alone(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    [scratch] = service["tmpfs"]
    assert scratch.startswith("/tmp:size=")  # noqa: S108 - the container's own
    assert "privileged" not in service
    [data_dir] = re.findall(r"TICKETSPIKE_DATA_DIR=(\S+)", "\n".join(LAST_STAGE))
    assert all(volume.endswith(f":{data_dir}") for volume in service.get("volumes", ()))


def test_nothing_listens_beyond_the_host_itself() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
