"""Figures, images and tables as artifacts."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.names import metric_step
from cloudtrack.errors import InvalidInput, MissingDependency, NotFound
from cloudtrack.tracking.artifacts import Artifacts

_TABLE_SUFFIXES = (".json", ".parquet")


def log_figure(artifacts: Artifacts, run_id: str, figure: Any, path: str, options: dict[str, Any]) -> None:
    """Write a matplotlib figure (format by the ending) or a plotly one (.html, or an image)."""
    if hasattr(figure, "savefig"):
        artifacts.log_saved(run_id, lambda file: figure.savefig(file, **options), path)
    elif hasattr(figure, "write_html"):
        save = figure.write_html if path.lower().endswith(".html") else figure.write_image
        artifacts.log_saved(run_id, lambda file: save(str(file), **options), path)
    else:
        raise InvalidInput(f"log_figure takes a matplotlib or plotly figure, not a {type(figure).__name__}")


def log_image(
    artifacts: Artifacts,
    run_id: str,
    image: Any,
    path: str | None,
    *,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
) -> None:
    """Write a PIL image or a numpy array (height, width[, channels]); integers 0-255 or floats 0-1.

    Give ``path``, or ``key`` and a step for a series of images under ``images/``.
    """
    if (path is None) == (key is None):
        raise InvalidInput("log_image takes an artifact_file or a key: exactly one of them")
    picture = to_picture(image)
    if key is not None:
        at = clock.now_ms() if timestamp is None else timestamp
        path = f"images/{key.replace('/', '#')}%step%{metric_step(key, step)}%timestamp%{at}.png"
    target = path or ""
    ending = Path(target).suffix.lower().lstrip(".")
    buffer = io.BytesIO()
    picture.save(buffer, format={"jpg": "jpeg", "": "png"}.get(ending, ending))
    buffer.seek(0)
    artifacts.upload(run_id, buffer, target)


def log_table(artifacts: Artifacts, run_id: str, data: Any, path: str) -> None:
    """Append rows to a table file, .json or .parquet: a dictionary of columns, or a pandas DataFrame."""
    pandas = _pandas("log_table")
    if not path.endswith(_TABLE_SUFFIXES):
        raise InvalidInput(f"a table is stored as .json or .parquet, not as {path!r}")
    rows = data if isinstance(data, pandas.DataFrame) else _frame(pandas, data)
    with contextlib.suppress(NotFound):
        rows = pandas.concat([read_table(artifacts, run_id, path), rows], ignore_index=True)
    if path.endswith(".parquet"):
        artifacts.log_saved(run_id, rows.to_parquet, path)
    else:
        artifacts.log_text(run_id, rows.to_json(orient="split", index=False, force_ascii=False), path)


def read_table(artifacts: Artifacts, run_id: str, path: str) -> Any:
    """A table file as a DataFrame. Raises NotFound."""
    pandas = _pandas("load_table")
    body = artifacts.read(run_id, path)
    if path.endswith(".parquet"):
        return pandas.read_parquet(io.BytesIO(body))
    split = json.loads(body)
    return pandas.DataFrame(split["data"], columns=split["columns"])


def read_image(artifacts: Artifacts, run_id: str, path: str) -> Any:
    """An image file as a PIL image. Raises NotFound."""
    return _pillow().open(io.BytesIO(artifacts.read(run_id, path)))


def open_picture(path: str | os.PathLike[str]) -> Any:
    """A local image file as a PIL image. Raises InvalidInput."""
    try:
        return _pillow().open(path)
    except OSError as error:
        raise InvalidInput(f"{str(path)!r} cannot be read as an image: {error}") from error


def concat_tables(tables: list[Any]) -> Any:
    """Several tables as one."""
    return _pandas("load_table").concat(tables, ignore_index=True)


def to_picture(image: Any) -> Any:
    """Pillow's form of an image. Raises InvalidInput."""
    if hasattr(image, "to_pil"):
        return image.to_pil()
    if hasattr(image, "save"):
        return image
    import numpy

    array = numpy.asarray(image)
    if array.ndim not in (2, 3):
        raise InvalidInput(f"an image has 2 or 3 dimensions, this array has {array.ndim}")
    if array.dtype.kind == "f":
        if not numpy.all((array >= 0) & (array <= 1)):
            raise InvalidInput("an image of floats has values from 0 to 1; scale it, or use integers from 0 to 255")
        array = array * 255
    elif array.dtype.kind == "b":
        array = array * 255
    elif array.dtype.kind not in "iu" or array.min(initial=0) < 0 or array.max(initial=0) > 255:
        raise InvalidInput("an image of integers has values from 0 to 255")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return _pillow().fromarray(array.astype(numpy.uint8))


def _frame(pandas: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        raise InvalidInput(f"log_table takes a dictionary of columns or a DataFrame, not a {type(data).__name__}")
    is_row = not any(isinstance(value, list | tuple) or hasattr(value, "__array__") for value in data.values())
    try:
        return pandas.DataFrame([data] if is_row else data)
    except ValueError as error:
        raise InvalidInput(f"these columns make no table: {error}") from error


def _pandas(what: str) -> Any:
    try:
        import pandas
    except ImportError as error:
        raise MissingDependency(f'{what} needs pandas: pip install "cloudtrack[pandas]"') from error
    return pandas


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency('images need Pillow: pip install "cloudtrack[figures]"') from error
    return Image
