"""Where a run comes from, without secrets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.storage.public_url import strip_credentials
from cloudtrack.tracking import keys, source
from tests.scripts import run_script


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "kept.py").write_text("one\ntwo\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "-m", "first")
    _git(folder, "remote", "add", "origin", "https://ann:hunter2@example.com/team/repo.git?token=abc")
    return folder


def test_a_dirty_tree_gives_a_patch_that_git_applies(repository: Path, tmp_path: Path) -> None:
    (repository / "kept.py").write_text("one\nTWO ü\n")
    (repository / "new.txt").write_text("untracked")
    state = source.git_state(repository)
    assert state is not None
    assert state.commit == _git(repository, "rev-parse", "HEAD")
    assert (state.branch, state.is_dirty, state.untracked) == ("main", True, ["new.txt"])
    clone = tmp_path / "clone"
    _git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    (tmp_path / "code.patch").write_bytes(state.patch)
    _git(clone, "apply", str(tmp_path / "code.patch"))
    assert (clone / "kept.py").read_text() == "one\nTWO ü\n"


def test_credentials_in_remotes_are_left_out(repository: Path) -> None:
    state = source.git_state(repository)
    assert state is not None
    assert state.remote_url == "https://example.com/team/repo.git"
    assert "hunter2" not in str(source.git_tags(state))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://token@host/x", "https://host/x"),
        ("https://user:p%40ss@host:8443/x.git#f", "https://host:8443/x.git"),
        ("ssh://git@host/x", "ssh://host/x"),
        ("git@host:team/x.git", "git@host:team/x.git"),
        ("/local/path", "/local/path"),
        ("https://[broken", ""),
    ],
)
def test_urls_lose_user_password_and_query(url: str, kept: str) -> None:
    assert strip_credentials(url) == kept


def test_outside_a_repository_there_is_no_git_state(tmp_path: Path) -> None:
    assert source.git_state(tmp_path) is None


def test_a_run_records_its_source_and_hides_secrets(repository: Path, tmp_path: Path) -> None:
    (repository / "kept.py").write_text("changed\n")
    store = (tmp_path / "store").as_uri()
    done = run_script(
        """
        import sys
        sys.orig_argv += ["--password", "hunter2", "--api-key=hunter2", "--lr", "0.1"]
        import cloudtrack as ct
        with ct.start_run():
            pass
        """,
        store=store,
        folder=repository,
    )
    assert done.returncode == 0, done.stderr
    client = Client(store)
    (run,) = client.runs.list(["0"])
    tags = run.data.tags
    assert tags["mlflow.source.git.commit"] == _git(repository, "rev-parse", "HEAD")
    assert tags["mlflow.source.git.repoURL"] == "https://example.com/team/repo.git"
    assert tags["cloudtrack.git.dirty"] == "true"
    assert tags["mlflow.source.name"].endswith("train.py")
    assert tags["cloudtrack.command"].endswith("--password *** --api-key=*** --lr 0.1")
    assert tags["mlflow.user"] == "tester"
    assert b"+changed" in client.store.get(keys.source_patch(run.info.run_id)).body
    assert b"pydantic==" in client.store.get(keys.packages(run.info.run_id)).body
    everything = b"".join(client.store.get(info.key).body for info in client.store.list())
    assert b"hunter2" not in everything
