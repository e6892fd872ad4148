"""Laying out a model folder: the one place where files of a model come together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from cloudtrack import ids
from cloudtrack.environments.specification import CONDA, PYTHON_ENV
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound
from cloudtrack.models.digests import digest_files
from cloudtrack.models.environment import write_environment
from cloudtrack.models.example_signature import infer_from_example
from cloudtrack.models.input_example import write_input_example
from cloudtrack.models.model_file import FILE_NAME, Model
from cloudtrack.models.signature import ModelSignature

CODE_FOLDER = "code"
EXTRA_FOLDER = "extra_files"


class SaveArguments(TypedDict, total=False):
    """What every flavor's ``save_model`` takes beside the model; names as MLflow's."""

    conda_env: dict[str, Any] | str | None
    code_paths: Sequence[str] | None
    mlflow_model: Model | None
    """Carries the identity: run, uuid, time."""
    signature: ModelSignature | Literal[False] | None
    """None: from type hints of the model, or its ``input_example`` and what it predicts for that. False: none."""
    input_example: Any
    pip_requirements: Sequence[str] | str | None
    extra_pip_requirements: Sequence[str] | None
    metadata: dict[str, Any] | None
    extra_files: Sequence[str | os.PathLike[str]] | None
    """Local files or folders, copied into the folder ``extra_files`` of the model."""


@dataclass(frozen=True)
class Written:
    """What a flavor has put into the folder: its entries in ``MLmodel``, and what must be installed."""

    flavors: dict[str, dict[str, Any]]
    requirements: Iterable[str]
    hinted: ModelSignature | None = None
    """From type hints, against which the model itself holds its input."""


def save(path: str | os.PathLike[str], write: Callable[[Path], Written], **arguments: Unpack[SaveArguments]) -> Model:
    """Make the model folder ``path``, whole or not at all; the content of its ``MLmodel``.

    ``write`` puts the flavor's own files into the folder it is given. Raises AlreadyExists where the folder exists
    and is not empty, InvalidInput for an argument that there is not.
    """
    check_arguments(arguments, SaveArguments)
    model = arguments.get("mlflow_model") or Model.new()
    with _new_folder(Path(path)) as folder:
        written = write(folder)
        code = CODE_FOLDER if _copy(arguments.get("code_paths"), folder / CODE_FOLDER) else None
        copied = _copy(arguments.get("extra_files"), folder / EXTRA_FOLDER)
        extra = [{"path": f"{EXTRA_FOLDER}/{name}"} for name in copied]
        environment = {"conda": CONDA, "virtualenv": PYTHON_ENV}
        for name, entry in written.flavors.items():
            entry["code"] = code
            if extra and (name != "python_function" or len(written.flavors) == 1):
                entry["extra_files"] = extra
            if name == "python_function":
                entry["env"] = environment
        model.flavors = written.flavors
        model.metadata = arguments.get("metadata")
        if (signature := arguments.get("signature")) is None and written.hinted is not None:
            signature = written.hinted
            model.is_signature_from_type_hint = True
        if (example := arguments.get("input_example")) is not None:
            model.saved_input_example_info = write_input_example(folder, example)
            if signature is None:
                signature = infer_from_example(model, folder, example)
        model.signature = signature or None
        write_environment(
            folder,
            written.requirements,
            pip_requirements=arguments.get("pip_requirements"),
            extra_pip_requirements=arguments.get("extra_pip_requirements"),
            conda_env=arguments.get("conda_env"),
        )
        model.file_digests = digest_files(folder)
        model.model_size_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        model.save(folder / FILE_NAME)
    return model


def check_arguments(arguments: Mapping[str, Any], known: type[SaveArguments]) -> None:
    """Raises InvalidInput for an argument that the dictionary ``known`` does not have."""
    for name in arguments:
        if name not in known.__annotations__:
            raise InvalidInput(f"there is no argument {name!r}; leave it out")


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise AlreadyExists(f"{path} exists already; save the model to a new or empty folder")
    aside = path.with_name(f".{path.name}.{ids.new_commit_id()}.part")
    aside.mkdir(parents=True)
    try:
        yield aside
        if path.exists():
            path.rmdir()
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _copy(sources: Sequence[str | os.PathLike[str]] | None, target: Path) -> list[str]:
    """Copy files and folders into a new folder, where there are any; their names. Raises NotFound, InvalidInput."""
    if isinstance(sources, str | os.PathLike):
        raise InvalidInput(f"{target.name} is {str(sources)!r}; it is a list of paths")
    names: list[str] = []
    for source in map(Path, sources or ()):
        if not source.exists():
            raise NotFound(f"there is nothing at {str(source)!r} to copy into {target.name} of the model")
        if source.name in names:
            raise InvalidInput(f"two paths for {target.name} are named {source.name!r}")
        names.append(source.name)
        target.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / source.name)
    return names
