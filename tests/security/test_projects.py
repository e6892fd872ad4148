"""Command injection by projects: looking at code, and fetching it, runs none of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError, Unavailable
from cloudtrack.projects.launching import dry_run
from cloudtrack.projects.planning import Request
from cloudtrack.projects.sources import fetch
from cloudtrack.tracking.source import git_state
from tests.projects.making import script
from tests.projects.repositories import bare, commit, git


def hostile_repository(folder: Path, owned: Path) -> Path:
    """A working tree whose settings name programs that git starts when it looks."""
    script(folder, "print(1)\n")
    commit(folder)
    program = folder / ".git" / "own.sh"
    program.write_text(f"#!/bin/sh\ntouch '{owned}'\n")
    program.chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(program))
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch '{owned}'\n")
        (hooks / hook).chmod(0o755)
    (folder / "run.py").write_text("print(2)\n")
    owned.unlink(missing_ok=True)
    return folder


def test_looking_at_a_working_tree_starts_none_of_its_programs(tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    folder = hostile_repository(tmp_path / "project", owned)
    git(folder, "status")
    assert owned.exists(), "git by itself does"
    owned.unlink()
    state = git_state(folder)
    assert state is not None
    assert state.is_dirty
    assert not owned.exists()


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_dry_run_starts_nothing(form: str, tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    folder = hostile_repository(tmp_path / "project", owned)
    uri = str(folder)
    if form == "zip":
        uri = str(tmp_path / "code.zip")
        with zipfile.ZipFile(uri, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
    owned.unlink(missing_ok=True)
    assert dry_run(Client(str(tmp_path / "store")), Request(uri, experiment_id="0"))["entry_point"] == "main"
    assert not owned.exists()


def test_no_zip_brings_settings_of_git(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        for name in ("run.py", ".git/config", "a/.GIT/config", "a/.git", ".gitignore"):
            archive.writestr(name, "x")
    (tmp_path / "target").mkdir()
    fetch(str(tmp_path / "code.zip"), tmp_path / "target")
    files = [path.relative_to(tmp_path / "target").as_posix() for path in (tmp_path / "target").rglob("*")]
    assert sorted(files) == [".gitignore", "run.py"]


@pytest.mark.parametrize("uri", ["ext::sh -c touch% owned", "fd::17", "git+ext::sh -c touch% owned", "transport::x"])
def test_no_protocol_of_git_runs_a_program(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "target").mkdir()
    with pytest.raises(CloudtrackError):
        fetch(uri, tmp_path / "target")
    assert not (tmp_path / "owned").exists()


def test_a_repository_elsewhere_brings_no_repository_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "secret").write_text("s")
    commit(private)
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "a").touch()
    commit(outer)
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(private), "inner")
    commit(outer)
    bare(outer, tmp_path / "outer.git")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{tmp_path}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://code.example/")
    (tmp_path / "target").mkdir()
    with pytest.raises(Unavailable, match="git could not read the project"):
        fetch("https://code.example/outer.git", tmp_path / "target")
    assert not (tmp_path / "target" / "inner" / "secret").exists()


def test_a_project_file_that_never_ends_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "MLproject").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CloudtrackError, match="larger than"):
        dry_run(Client(str(tmp_path / "store")), Request(str(tmp_path), experiment_id="0"))
