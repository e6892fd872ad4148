"""Logins reach the worker by other ways than what is recorded and shown."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import boto3
import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, Unavailable
from cloudtrack.projects.backends.backend import Job, open_backend
from cloudtrack.projects.launching import launch
from cloudtrack.projects.logins import is_secret
from cloudtrack.projects.planning import Request
from cloudtrack.projects.secret_variables import SECRETS, as_variable, set_secrets
from tests.projects.backends import stand_in
from tests.projects.backends.aws import use_moto
from tests.projects.backends.project import make_project


def test_names_of_secrets_are_known() -> None:
    for name in ("CLOUDTRACK_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DB_PASSWORD", "OPENAI_API_KEY"):
        assert is_secret(name), name
    for name in ("spark.hadoop.fs.s3a.secret.key", "spark.ssl.keyPassword.password", "token"):
        assert is_secret(name), name
    for name in ("TOKENIZERS_PARALLELISM", "MAX_TOKENS", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ACCESS_KEY_ID", "KEY"):
        assert not is_secret(name), name


def test_a_worker_on_aws_takes_variables_from_secrets_manager(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_moto(moto_url, monkeypatch)
    manager = boto3.client("secretsmanager")
    text = manager.create_secret(Name=f"a-{uuid.uuid4().hex}", SecretString="hush")["ARN"]
    table = manager.create_secret(Name=f"b-{uuid.uuid4().hex}", SecretString=json.dumps({"password": "hush 2"}))["ARN"]
    monkeypatch.setenv("FIRST", "")
    monkeypatch.setenv("SECOND", "")
    monkeypatch.setenv(SECRETS, as_variable({"FIRST": text, "SECOND": f"{table}#password"}))
    set_secrets()
    assert (os.environ["FIRST"], os.environ["SECOND"]) == ("hush", "hush 2")
    for place, error in ((f"{table}#none", InvalidInput), (f"{text}#key", InvalidInput), (f"{text}x", Unavailable)):
        monkeypatch.setenv(SECRETS, as_variable({"FIRST": place}))
        with pytest.raises(error, match="the secret FIRST"):
            set_secrets()


def test_without_secrets_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.client", None)
    set_secrets()


def test_the_login_at_a_server_is_in_a_containers_words_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDTRACK_TOKEN", "hush")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    job = Job("0" * 32, "main", "https://tracking.example.com", {"CLOUDTRACK_URI": "https://tracking.example.com"})
    words = open_backend("docker").specification(job, {"image": "ours:1"})["command"]
    assert "hush" not in " ".join(words)
    assert words[words.index("CLOUDTRACK_TOKEN") - 1] == "--env"
    assert "AWS_SECRET_ACCESS_KEY" not in words
    with pytest.raises(InvalidInput, match=r"HF_TOKEN .* not set here"):
        open_backend("docker").specification(job, {"image": "ours:1", "secrets": ["HF_TOKEN"]})


def test_nothing_that_is_kept_of_a_run_has_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moto_url: str
) -> None:
    monkeypatch.setenv("PATH", f"{stand_in.install(tmp_path / 'docker', 'docker')}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    client = Client(use_moto(moto_url, monkeypatch))
    monkeypatch.setenv("HF_TOKEN", "hush-hush-hush")
    project = make_project(tmp_path / "line")
    config = {"image": "ours:1", "secrets": ["HF_TOKEN"]}
    submitted = launch(client, Request(str(project), experiment_id="0", backend="docker", backend_config=config))
    submitted.wait()
    kept = "".join(str(client.store.get(info.key).body) for info in client.store.list(""))
    assert "HF_TOKEN" in kept
    assert "hush-hush-hush" not in kept
    assert "hush-hush-hush" not in (tmp_path / "docker" / "asked").read_text()
    client.close()
