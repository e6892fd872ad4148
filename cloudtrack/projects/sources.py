"""Where projects come from: a folder, a git repository, a zip file.

    ./folder, /folder, file:///folder                     a folder of this machine
    https://host/repository.git, git@host:path, ssh://... a repository; also git+https://, git+ssh://, git+file://
    s3://bucket/code.zip, https://host/code.zip, x.zip    a zip, wherever fsspec reaches

Each may end in ``#folder/below``; a repository may be had at a version, which is a branch, a tag or a commit.
"""

from __future__ import annotations

import lzma
import os
import re
import shutil
import stat
import subprocess
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cloudtrack.errors import CloudtrackError, InvalidInput, MissingDependency, NotFound, Unavailable
from cloudtrack.projects.parameters import local_path
from cloudtrack.storage.places import reading
from cloudtrack.storage.public_url import strip_credentials

_GIT_TIMEOUT_S = 600
_REMOTE = re.compile(r"(git\+)?(https?|ssh|git|git\+file)://|(?:[\w.-]+@)?[\w.-]+:(?!//)")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_FILES = 100_000
_MOST_BYTES = 4 << 30
_SHOWN_LINES = 5
_REMOTE_PROTOCOLS = "git:http:https:ssh"
"""Those of the submodules of a repository elsewhere: it names none on this machine."""
_PROTOCOLS = f"file:{_REMOTE_PROTOCOLS}"


@dataclass(frozen=True)
class Fetched:
    """A project's code on this machine."""

    folder: Path
    """Of the project, which may be below that of the code."""
    uri: str
    """Where it came from, as ``fetch`` takes it; without credentials, absolute."""
    subdirectory: str = ""
    commit: str = ""
    branch: str = ""
    """The version asked for, where it is a branch."""
    repository: str = ""
    """The URL of the git repository that it was cloned from."""


def fetch(uri: str, target: Path, version: str | None = None) -> Fetched:
    """The code of a project; what is not a folder of this machine is put into ``target``, an empty folder.

    Raises NotFound, InvalidInput, Unavailable, MissingDependency where git is missing.
    """
    place, _, subdirectory = uri.partition("#")
    if not place or place.startswith("-"):
        raise InvalidInput(f"{uri!r} is no project: name a folder, a git repository or a zip")
    if is_zip(place):
        if version:
            raise InvalidInput(f"{place} is a zip, which has no version {version!r}: leave --version out")
        _unpack(place, target)
        return Fetched(_below(target, subdirectory), _absolute(place) + _fragment(subdirectory), subdirectory)
    if _is_repository(place, version):
        return _clone(place, subdirectory, version, target)
    folder = local_path(place)
    if folder is None or not folder.is_dir():
        raise NotFound(f"there is no project at {place!r}: no such folder")
    if version:
        raise InvalidInput(f"{place} is no git repository, and has no version {version!r}: leave --version out")
    folder = folder.resolve()
    return Fetched(_below(folder, subdirectory), str(folder) + _fragment(subdirectory), subdirectory)


def is_zip(place: str) -> bool:
    """Whether the text names a zip file."""
    return place.lower().partition("?")[0].endswith(".zip")


def unpack(file: Path, target: Path) -> None:
    """The files of a zip below ``target``. Raises InvalidInput for one that would write elsewhere, or too much."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MOST_FILES or sum(member.file_size for member in members) > _MOST_BYTES:
                raise InvalidInput(f"the zip has more than {_MOST_FILES} files or {_MOST_BYTES >> 30} GiB")
            for member in members:
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
                    raise InvalidInput(f"the zip has {member.filename!r}, which is no file below its folder")
            for member in members:
                if ".git" in map(str.lower, PurePosixPath(member.filename.replace("\\", "/")).parts):
                    continue  # git's settings name programs, which looking at the code would start
                written = Path(archive.extract(member, target))
                if (member.external_attr >> 16) & stat.S_IXUSR and written.is_file():
                    written.chmod(0o755)
    except CloudtrackError:
        raise
    except zipfile.BadZipFile as error:
        raise InvalidInput(f"this is no zip: {error}") from error
    except (OSError, EOFError, LookupError, ValueError, RuntimeError, zlib.error, lzma.LZMAError) as error:
        raise InvalidInput(f"the zip cannot be unpacked: {error}") from error  # such as one with a password


def apply_patch(repository: Path, patch: bytes) -> None:
    """Change the files of a working tree as ``git diff`` says. Raises Unavailable where they are not those it is of."""
    if patch:
        file = repository / ".git" / "cloudtrack.patch"
        file.write_bytes(patch)
        _git("-C", str(repository), "apply", "--whitespace=nowarn", "--", str(file))


def _unpack(place: str, target: Path) -> None:
    file = target.with_name(f"{target.name}.zip")
    try:
        with reading(place) as stream, file.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
        unpack(file, target)
    finally:
        file.unlink(missing_ok=True)


def _is_repository(place: str, version: str | None) -> bool:
    if _REMOTE.match(place):
        return True
    folder = local_path(place)
    if folder is None:
        raise InvalidInput(f"{place!r} is no project: name a folder, a git repository or a zip")
    is_bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    return is_bare or (bool(version) and (folder / ".git").exists())


def _clone(place: str, subdirectory: str, version: str | None, target: Path) -> Fetched:
    address = place.removeprefix("git+")
    if (folder := local_path(address)) and not _REMOTE.match(address):
        address = str(folder.resolve())
    if version and version.startswith("-"):
        raise InvalidInput(f"{version!r} is no branch, tag or commit")
    _git("clone", "--quiet", "--no-checkout", "--", address, str(target))
    branch = ""
    if version and not _COMMIT.fullmatch(version):
        branch = version if _has(target, f"refs/remotes/origin/{version}") else ""
    wanted = f"refs/remotes/origin/{branch}" if branch else version or "HEAD"
    if not _has(target, f"{wanted}^{{commit}}"):
        raise NotFound(f"the repository {strip_credentials(address)} has no branch, tag or commit {version!r}")
    _git("-C", str(target), "checkout", "--quiet", "--detach", wanted)
    if (target / ".gitmodules").is_file():
        protocols = _PROTOCOLS if Path(address).exists() or address.startswith("file:") else _REMOTE_PROTOCOLS
        _git("-C", str(target), "submodule", "update", "--quiet", "--init", "--recursive", protocols=protocols)
    commit = _git("-C", str(target), "rev-parse", "HEAD").strip()
    shown = strip_credentials(address)
    return Fetched(
        _below(target, subdirectory), shown + _fragment(subdirectory), subdirectory, commit, branch, repository=shown
    )


def _has(repository: Path, name: str) -> bool:
    try:
        _git("-C", str(repository), "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    except Unavailable:
        return False
    return True


def _git(*arguments: str, protocols: str = _PROTOCOLS) -> str:
    """What git printed. It asks nobody for a password, and speaks no protocol that runs a program of the URL's."""
    git = shutil.which("git")
    if git is None:
        raise MissingDependency("git is not installed, and the project is in a git repository")
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": protocols}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what users say comes after "--"
            [git, *arguments], capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"git {arguments[0]} did not end within {_GIT_TIMEOUT_S} s") from None
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[-_SHOWN_LINES:])
        raise Unavailable(f"git could not read the project: {said}")
    return done.stdout


def _below(root: Path, subdirectory: str) -> Path:
    folder = (root / subdirectory).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise InvalidInput(f"the subdirectory {subdirectory!r} is not below the project's code")
    if not folder.is_dir():
        raise NotFound(f"the project's code has no folder {subdirectory!r}")
    return folder


def _absolute(place: str) -> str:
    path = local_path(place)
    return path.resolve().as_uri() if path else strip_credentials(place)


def _fragment(subdirectory: str) -> str:
    return f"#{subdirectory}" if subdirectory else ""
