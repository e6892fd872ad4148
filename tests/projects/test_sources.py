"""Projects come from folders, from repositories at any version, and from zips; and from nowhere else."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import fsspec
import pytest

from cloudtrack.errors import InvalidInput, NotFound, Unavailable
from cloudtrack.projects.sources import fetch
from tests.projects.repositories import bare, commit, git


@pytest.fixture(name="target")
def _target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture(name="history")
def _history(tmp_path: Path) -> tuple[Path, str, str]:
    """A bare repository, and its two commits."""
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    (work / "train.py").write_text("1")
    (work / "sub" / "other.py").write_text("1")
    first = commit(work)
    git(work, "tag", "v1")
    (work / "train.py").write_text("2")
    second = commit(work)
    git(work, "branch", "side", first)
    return bare(work, tmp_path / "repository.git"), first, second


def test_a_folder_stays_where_it_is(tmp_path: Path, target: Path) -> None:
    (tmp_path / "project" / "sub").mkdir(parents=True)
    code = fetch(f"{tmp_path}/project#sub", target)
    assert code.folder == tmp_path / "project" / "sub"
    assert code.uri == f"{tmp_path / 'project'}#sub"
    assert fetch((tmp_path / "project").as_uri(), target).folder == tmp_path / "project"
    assert (code.commit, code.repository, list(target.iterdir())) == ("", "", [])


@pytest.mark.parametrize("form", ["{}", "file://{}", "git+file://{}"])
def test_a_bare_repository_is_cloned(history: tuple[Path, str, str], target: Path, form: str) -> None:
    repository, first, second = history
    code = fetch(form.format(repository), target)
    assert (code.commit, (code.folder / "train.py").read_text()) == (second, "2")
    assert code.branch == ""
    del first


@pytest.mark.parametrize(
    ("version", "text"), [("v1", "1"), ("side", "1"), ("main", "2"), ("first", "1"), ("short", "1")]
)
def test_a_version_is_a_tag_a_branch_or_a_commit(
    history: tuple[Path, str, str], target: Path, version: str, text: str
) -> None:
    repository, first, second = history
    version = {"first": first, "short": first[:10]}.get(version, version)
    code = fetch(f"git+file://{repository}#sub", target, version)
    assert code.commit == (first if text == "1" else second)
    assert (code.folder.parent / "train.py").read_text() == text
    assert code.branch == (version if version in ("side", "main") else "")
    assert (code.folder.name, code.uri, code.subdirectory) == ("sub", f"{repository}#sub", "sub")


def test_a_working_tree_at_a_version_is_cloned(tmp_path: Path, history: tuple[Path, str, str], target: Path) -> None:
    code = fetch(str(tmp_path / "work"), target, "v1")
    assert (code.commit, (target / "train.py").read_text()) == (history[1], "1")


def test_submodules_come_along(tmp_path: Path, history: tuple[Path, str, str], target: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "a").touch()
    commit(outer)
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(history[0]), "inner")
    commit(outer)
    fetch(f"git+file://{bare(outer, tmp_path / 'outer.git')}", target)
    assert (target / "inner" / "train.py").read_text() == "2"


@pytest.mark.parametrize("place", ["local", "memory"])
def test_a_zip_is_unpacked(tmp_path: Path, target: Path, place: str) -> None:
    local = tmp_path / "code.zip"
    with zipfile.ZipFile(local, "w") as archive:
        archive.writestr("deep/train.py", "3")
        runs = zipfile.ZipInfo("deep/go.sh")
        runs.external_attr = 0o100755 << 16
        archive.writestr(runs, "#!/bin/sh")
    uri = str(local)
    if place == "memory":
        uri = "memory://projects/code.zip"
        with fsspec.open(uri, "wb") as stream:
            stream.write(local.read_bytes())
    code = fetch(f"{uri}#deep", target)
    assert (code.folder / "train.py").read_text() == "3"
    assert (code.folder / "go.sh").stat().st_mode & stat.S_IXUSR
    assert code.uri == (f"{local.as_uri()}#deep" if place == "local" else f"{uri}#deep")


@pytest.mark.parametrize("name", ["../evil.py", "/tmp/evil.py", "a/../../evil.py", "..\\evil.py", "link"])
def test_a_zip_writes_nowhere_else(tmp_path: Path, target: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("fine.py", "")
        info = zipfile.ZipInfo(name)
        info.external_attr = ((stat.S_IFLNK if name == "link" else stat.S_IFREG) | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InvalidInput, match="which is no file below its folder"):
        fetch(str(tmp_path / "code.zip"), target)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "version", "error", "message"),
    [
        ("{}/nowhere", None, NotFound, "no such folder"),
        ("{}/nowhere", "v1", NotFound, "no such folder"),
        ("{}/plain", "v1", InvalidInput, "is no git repository, and has no version 'v1'"),
        ("{}/code.zip", "v1", InvalidInput, "is a zip, which has no version 'v1'"),
        ("{}/code.zip", None, NotFound, "code.zip"),
        ("{}/bad.zip", None, InvalidInput, "no zip"),
        ("--upload-pack=touch owned", None, InvalidInput, "is no project"),
        ("", None, InvalidInput, "is no project"),
        ("ext::sh -c touch% owned", None, Unavailable, "git could not read the project"),
        ("git+file://{}/nowhere.git", None, Unavailable, "nowhere.git"),
        ("git+file://{}/repository.git", "v9", NotFound, "has no branch, tag or commit 'v9'"),
        ("git+file://{}/repository.git", "--exec=x", InvalidInput, "is no branch, tag or commit"),
        ("git+file://{}/repository.git#nowhere", None, NotFound, "has no folder 'nowhere'"),
        ("{}/plain#..", None, InvalidInput, "is not below the project's code"),
        ("s3+http://x/y", None, InvalidInput, "name a folder, a git repository or a zip"),
    ],
)
def test_what_is_no_project_is_named(
    tmp_path: Path,
    history: tuple[Path, str, str],
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
    version: str | None,
    error: type[Exception],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").mkdir()
    (tmp_path / "bad.zip").write_text("x")
    with pytest.raises(error, match=message):
        fetch(uri.format(tmp_path), target, version)
    assert not (tmp_path / "owned").exists()
    del history


def test_credentials_of_a_url_are_not_kept(
    history: tuple[Path, str, str], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{history[0].parent}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://me:hunter2@code.example/")
    code = fetch("https://me:hunter2@code.example/repository.git", target)
    assert code.uri == code.repository == "https://code.example/repository.git"
