"""Objects as files, and back: the artifacts of an evaluation."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.pickles import load_pickle
from cloudtrack.tracking.rich_artifacts import open_picture

_TEXTS = (".txt", ".md", ".html", ".yaml", ".yml")


def write_content(folder: Path, name: str, content: Any) -> Path:
    """Write an object to a file of this name, with the ending of its kind.

    A DataFrame becomes CSV, an array ``.npy``, a matplotlib figure or a picture PNG, dictionaries, lists and text of
    JSON become JSON, bytes ``.bin``; text that is the path of a file, or a ``Path``, becomes that file; everything else
    is pickled.
    Raises InvalidInput for a name or an object that cannot be a file.
    """
    if not name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise InvalidInput(f"{name!r} is no name of an artifact: it is a path below the run's artifacts")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str | Path):
        return _write_text_or_file(target, content)
    if hasattr(content, "to_csv"):
        path = _with(target, ".csv")
        content.to_csv(path, index=False)
    elif isinstance(content, bytes):
        path = _with(target, ".bin")
        path.write_bytes(content)
    elif hasattr(content, "savefig"):
        path = _with(target, ".png")
        content.savefig(path)
    elif hasattr(content, "tobitmap"):
        path = _with(target, ".png")
        content.save(path)
    elif hasattr(content, "__array__") and getattr(content, "shape", None):
        import numpy

        path = _with(target, ".npy")
        numpy.save(path, content, allow_pickle=False)
    else:
        path = _write_object(target, content)
    return path


def read_content(path: Path) -> Any:
    """The object in a file, by its ending; of an ending that says nothing, bytes. A pickle is looked at first."""
    match path.suffix.lower():
        case ".csv":
            import pandas

            return pandas.read_csv(path)
        case ".parquet":
            import pandas

            return pandas.read_parquet(path)
        case ".npy":
            import numpy

            return numpy.load(path, allow_pickle=False)
        case ".json":
            return json.loads(path.read_text(encoding="utf-8"))
        case ".png" | ".jpg" | ".jpeg":
            return open_picture(path)
        case ".pickle" | ".pkl":
            return load_pickle(path)
        case ending if ending in _TEXTS:
            return path.read_text(encoding="utf-8")
    return path.read_bytes()


def _write_text_or_file(target: Path, content: str | Path) -> Path:
    try:
        source = Path(content)
        is_file = source.is_file()
    except (OSError, ValueError):  # too long to be a path
        is_file = False
    if is_file:
        path = _with(target, source.suffix)
        shutil.copyfile(source, path)
        return path
    try:
        json.loads(str(content))
    except ValueError as error:
        raise InvalidInput(
            f"the artifact {target.name!r} is the text {str(content)[:80]!r}, which is no file and no JSON: write "
            "it to a file in artifacts_dir, and give its path"
        ) from error
    path = _with(target, ".json")
    path.write_text(str(content), encoding="utf-8")
    return path


def _write_object(target: Path, content: Any) -> Path:
    if isinstance(content, dict | list):
        try:
            text = json.dumps(content)
        except (TypeError, ValueError):
            pass
        else:
            path = _with(target, ".json")
            path.write_text(text, encoding="utf-8")
            return path
    path = _with(target, ".pickle")
    try:
        path.write_bytes(pickle.dumps(content))
    except Exception as error:
        raise InvalidInput(
            f"the artifact {target.name!r} is a {type(content).__name__}, which cannot be a file: {error}"
        ) from error
    return path


def _with(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)
