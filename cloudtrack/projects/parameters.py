"""The values of an entry point's parameters: checked, completed, and made ready for where the command runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.project_file import EntryPoint, Parameter

_CHUNK = 1 << 20
_TRUE_OR_FALSE = ("true", "false")


@dataclass(frozen=True)
class InputFile:
    """A file or folder that a parameter names, as it was when the project was launched."""

    parameter: str
    uri: str
    sha256: str
    """Of the file; of a folder, over the paths and digests of its files."""
    size_bytes: int


@dataclass(frozen=True)
class Values:
    """What an entry point is run with."""

    declared: Mapping[str, str]
    """By parameter, defaults included; paths are absolute."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Those that the entry point does not declare, which follow its command as ``--name value``."""

    @property
    def all(self) -> dict[str, str]:
        """What is recorded as the run's params."""
        return {**self.declared, **self.extra}

    def within(self, folder: Path) -> Values:
        """The same, where paths below the folder start there: for whoever has a copy of it."""
        root = f"{folder}{os.sep}"
        return Values({name: text.removeprefix(root) for name, text in self.declared.items()}, self.extra)


def values_of(entry_point: EntryPoint, given: Mapping[str, object], folder: Path) -> Values:
    """The values of a run: those given, and defaults for the rest.

    Relative paths that are given start at the working directory, defaults at the project's folder. Raises
    InvalidInput naming all parameters that are missing, and the first whose value is not of its type; NotFound for a
    path to nothing.
    """
    texts = {str(name): str(value) for name, value in given.items()}
    missing = [
        name for name, parameter in entry_point.parameters.items() if parameter.default is None and name not in texts
    ]
    if missing:
        options = " ".join(f"-P {name}=..." for name in missing)
        raise InvalidInput(f"entry point {entry_point.name!r} needs {', '.join(missing)}: give {options}")
    declared: dict[str, str] = {}
    for name, parameter in entry_point.parameters.items():
        if name in texts:
            declared[name] = _checked(parameter, texts[name], Path.cwd())
        else:
            declared[name] = _checked(parameter, parameter.default or "", folder)
    return Values(declared, {name: text for name, text in texts.items() if name not in declared})


def input_files(entry_point: EntryPoint, values: Values) -> list[InputFile]:
    """The files and folders of this machine that parameters of the types path and uri name, with their digests."""
    found = []
    for name, parameter in entry_point.parameters.items():
        if parameter.type in ("path", "uri") and (path := local_path(values.declared[name])) and path.exists():
            digest, size = digest_of(path)
            found.append(InputFile(name, values.declared[name], digest, size))
    return found


def placed(entry_point: EntryPoint, values: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The values, where files of the project itself, named by where they are in it, have absolute paths."""
    found = dict(values)
    for name, parameter in entry_point.parameters.items():
        path = local_path(values[name]) if parameter.type in ("path", "uri") else None
        if path is not None and (folder / path).exists():
            found[name] = str(folder / path)
    return found


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size in bytes of a file, or of all files below a folder with their paths in it."""
    if path.is_file():
        return _digest_of_file(path), path.stat().st_size
    total, size = hashlib.sha256(), 0
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        total.update(f"{file.relative_to(path).as_posix()}\0{_digest_of_file(file)}\n".encode())
        size += file.stat().st_size
    return total.hexdigest(), size


def local_path(uri: str) -> Path | None:
    """The path that a text means on this machine; None for a URI of anything else."""
    if "://" not in uri:
        return Path(uri).expanduser()
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _checked(parameter: Parameter, text: str, start: Path) -> str:
    match parameter.type:
        case "float":
            _number(parameter, text, float)
        case "int" | "integer" | "long":
            _number(parameter, text, int)
        case "bool" | "boolean":
            if text.lower() not in _TRUE_OR_FALSE:
                raise InvalidInput(f"parameter {parameter.name!r} must be true or false, not {text!r}")
        case "path":
            path = local_path(text)
            if path is not None and not (start / path).exists():
                raise NotFound(f"parameter {parameter.name!r} names {text!r}, and there is no such file or folder")
            return os.path.abspath(start / path) if path is not None else text
        case "uri":
            path = local_path(text)
            return os.path.abspath(start / path) if path is not None and (start / path).exists() else text
    return text


def _number(parameter: Parameter, text: str, kind: type[float] | type[int]) -> None:
    try:
        kind(text)
    except ValueError:
        raise InvalidInput(f"parameter {parameter.name!r} must be a {parameter.type}, not {text!r}") from None


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
