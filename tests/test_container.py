"""The image and its composition name what exists; no container engine is needed to see that."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_what_is_copied_into_the_image_exists_and_is_not_ignored() -> None:
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M) for name in line.split()[:-1]
    ]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"}
    assert set(copied) == kept
    assert all((ROOT / name).exists() for name in copied)


def test_what_the_build_of_the_package_needs_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = {project["project"]["readme"], *project["project"]["license-files"]}
    needed |= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"])
    needed |= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    copied = set(" ".join(re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)).split())
    assert needed <= copied


def test_extras_of_the_image_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = re.findall(r"EXTRAS[=:-]+([a-z,]+)", DOCKERFILE + (ROOT / "compose.yaml").read_text("utf-8"))
    assert len(named) >= 4
    assert {extra for names in named for extra in names.split(",")} <= set(extras)


def test_the_image_runs_without_rights_and_tells_its_health() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    user = re.search(r"^USER (\d+)$", last, re.M)
    assert user and int(user[1]) >= 1000
    assert "HEALTHCHECK" in last and "/health" in last and "VOLUME /data" in last
    assert not re.search(r"(?i)(key|token|secret)\w*=\S", re.sub(r"^#.*$", "", DOCKERFILE, flags=re.M))


def test_settings_that_are_set_exist() -> None:
    known = {f"ASSISTANT_{name.upper()}" for name in Settings.model_fields}
    used = set(re.findall(r"ASSISTANT_[A-Z_]+", DOCKERFILE)) | set(SERVICES["assistant"]["environment"])
    assert {name for name in used if name.startswith("ASSISTANT_")} - known <= {"ASSISTANT_EXTRAS"}


def test_nothing_but_the_assistant_can_be_reached_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"assistant": ["127.0.0.1:8000:8000"]}
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert SERVICES["chroma"]["networks"] == ["back"]
    assert "ASSISTANT_SERVE_KEY:?" in SERVICES["assistant"]["environment"]["ASSISTANT_SERVE_KEY"]


@pytest.mark.parametrize("name", SERVICES)
def test_services_use_volumes_networks_and_services_that_are_declared(name: str) -> None:
    service = SERVICES[name]
    assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    if name != "ollama":
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
