"""The words of ``docker run``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.containers import mount, network, options, store_access
from cloudtrack.projects.image_environment import PreparedImage
from cloudtrack.projects.project_file import DockerEnvironment
from cloudtrack.projects.reaching import for_elsewhere
from tests.projects.backends import stand_in

WORDS = ["/bin/bash", "-c", 'train "${1}"', "project", "; rm -rf /"]


def test_options_are_written_as_docker_reads_them() -> None:
    assert options({"gpus": "all", "t": "", "shm-size": "1g"}) == ["--gpus", "all", "-t", "--shm-size", "1g"]
    for wrong in ("", "-t", "a b", "name", "rm"):
        with pytest.raises(InvalidInput, match="docker run"):
            options({wrong: "x"})


def test_a_secret_is_an_option_by_name_alone() -> None:
    assert options({"env": "HF_TOKEN"}) == ["--env", "HF_TOKEN"]
    assert options({"e": "MODE=fast"}) == ["-e", "MODE=fast"]
    with pytest.raises(InvalidInput, match="HF_TOKEN is a secret"):
        options({"env": "HF_TOKEN=hush"})


def test_a_path_with_a_comma_or_colon_is_one_path() -> None:
    assert mount(Path("/a,b:c"), "/d") == ["--mount", 'type=bind,"source=/a,b:c",target=/d']


def test_a_store_of_this_machine_is_reached_from_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "getgid", lambda: 100)
    folder = ["--mount", "type=bind,source=/data/my store,target=/data/my store"]
    owner = ["--user", "1000:100", "--env", "HOME=/tmp"]
    assert store_access("file:///data/my%20store", {}) == [*folder, *owner]
    assert store_access("file:///data/my%20store", {"user": "0"}) == folder
    for here in ("http://localhost:5000/prod", "s3://b/p?endpoint_url=http://127.0.0.1:9000"):
        assert (store_access(here, {}), network(here, {})) == ([], ["--network", "host"])
        assert network(here, {"net": "mine"}) == []
    assert network("https://tracking.example.com", {}) == network("s3://bucket/team", {}) == []
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert store_access("file:///data/my%20store", {}) == folder


@pytest.mark.parametrize(("arguments", "has_network"), [({}, True), ({"network": "mine"}, False)])
def test_a_program_of_mlflow_reaches_the_server_beside_it(
    arguments: dict[str, str], has_network: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(stand_in.install(tmp_path, "docker")))
    image = PreparedImage("line:7", "sha256:7", "", DockerEnvironment("line:7"), arguments)
    named = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"]
    words = image.command("0" * 32, WORDS, tmp_path, [], store="s3://bucket/team", named=named)
    assert words.count("host") == has_network
    assert "MLFLOW_TRACKING_TOKEN" in words


def test_values_stay_words_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stand_in.install(tmp_path, "docker")))
    image = PreparedImage("line:7", "sha256:7", "", DockerEnvironment("line:7"), {})
    words = image.command("0" * 32, WORDS, tmp_path, [], store="s3://bucket/team", named=[])
    assert words[words.index("line:7") + 1] == "sh"
    assert words[-4:] == WORDS[1:]


def test_a_profile_of_this_machine_is_left_here() -> None:
    address = "s3://b/p?region=eu-west-1&profile=mine&kms_key=k"
    assert for_elsewhere(address) == "s3://b/p?region=eu-west-1&kms_key=k"
    assert for_elsewhere("https://tracking.example.com/prod?x=1") == "https://tracking.example.com/prod?x=1"
