"""Logging, listing and fetching the files of runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cloudtrack import clock
from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.names import metric_step
from cloudtrack.errors import InvalidInput, MissingDependency, NotFound
from cloudtrack.fluent import session
from cloudtrack.fluent.active_runs import current_run_id

_TABLE_SUFFIXES = (".json", ".parquet")


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Upload a file, or a folder, into the folder ``artifact_path`` of the run's artifacts."""
    path = Path(local_path)
    if path.is_dir():
        log_artifacts(path, f"{artifact_path}/{path.name}" if artifact_path else path.name, run_id)
    else:
        session.client().artifacts.log_file(current_run_id(run_id), path, artifact_path or "")


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Upload what is in a folder."""
    session.client().artifacts.log_folder(current_run_id(run_id), local_dir, artifact_path or "")


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Write text to a file of the run, as UTF-8."""
    session.client().artifacts.log_text(current_run_id(run_id), text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Write a dictionary as YAML (.yml, .yaml) or JSON (any other ending)."""
    session.client().artifacts.log_dict(current_run_id(run_id), dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
    """Write a matplotlib figure (format by the ending) or a plotly one (.html, or an image)."""
    options = save_kwargs or {}
    artifacts = session.client().artifacts
    run_id = current_run_id()
    if hasattr(figure, "savefig"):
        artifacts.log_saved(run_id, lambda path: figure.savefig(path, **options), artifact_file)
    elif hasattr(figure, "write_html"):
        is_page = artifact_file.lower().endswith(".html")
        save = figure.write_html if is_page else figure.write_image
        artifacts.log_saved(run_id, lambda path: save(str(path), **options), artifact_file)
    else:
        raise InvalidInput(f"log_figure takes a matplotlib or plotly figure, not a {type(figure).__name__}")


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = None,  # noqa: ARG001 - MLflow's argument; there is nothing to wait for
) -> None:
    """Write an image: a PIL image or a numpy array (height, width[, channels]); integers 0-255 or floats 0-1.

    Give ``artifact_file``, or ``key`` and a step for a series of images under ``images/``.
    The file is stored when this returns.
    """
    if (artifact_file is None) == (key is None):
        raise InvalidInput("log_image takes an artifact_file or a key: exactly one of them")
    picture = _to_picture(image)
    if key is not None:
        at = clock.now_ms() if timestamp is None else timestamp
        name = key.replace("/", "#")
        artifact_file = f"images/{name}%step%{metric_step(key, step)}%timestamp%{at}.png"
    buffer = io.BytesIO()
    ending = Path(artifact_file or "").suffix.lower().lstrip(".")
    picture.save(buffer, format={"jpg": "jpeg", "": "png"}.get(ending, ending))
    buffer.seek(0)
    session.client().artifacts.upload(current_run_id(), buffer, artifact_file or "")


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Append rows to a table file, .json or .parquet: a dictionary of columns, or a pandas DataFrame."""
    pandas = _pandas("log_table")
    if not artifact_file.endswith(_TABLE_SUFFIXES):
        raise InvalidInput(f"a table is stored as .json or .parquet, not as {artifact_file!r}")
    rows = data if isinstance(data, pandas.DataFrame) else _frame(pandas, data)
    artifacts = session.client().artifacts
    run = current_run_id(run_id)
    with contextlib.suppress(NotFound):
        rows = pandas.concat([_read_table(artifact_file, artifacts.read(run, artifact_file)), rows], ignore_index=True)
    if artifact_file.endswith(".parquet"):
        artifacts.log_saved(run, rows.to_parquet, artifact_file)
    else:
        artifacts.log_text(run, rows.to_json(orient="split", index=False, force_ascii=False), artifact_file)


def load_table(artifact_file: str, run_ids: list[str] | None = None, extra_columns: list[str] | None = None) -> Any:
    """The table of each run in one DataFrame; of all runs of the experiment in force by default.

    ``extra_columns`` may hold ``run_id``, or names of run attributes such as ``start_time``.
    """
    pandas = _pandas("load_table")
    client = session.client()
    ids = run_ids or [run.info.run_id for run in client.runs.list([session.current_experiment().experiment_id])]
    tables = []
    for run_id in ids:
        try:
            table = _read_table(artifact_file, client.artifacts.read(run_id, artifact_file))
        except NotFound:
            continue
        info = client.runs.get(run_id).info
        for column in extra_columns or []:
            table[column] = getattr(info, column)
        tables.append(table)
    if not tables:
        raise NotFound(f"none of these runs has a table {artifact_file!r}")
    return pandas.concat(tables, ignore_index=True)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the artifacts of the active run are."""
    root = session.client().runs.get(current_run_id()).info.artifact_uri
    return f"{root}/{artifact_path}" if artifact_path else root


def list_artifacts(
    artifact_uri: str | None = None, run_id: str | None = None, artifact_path: str | None = None
) -> list[FileInfo]:
    """One level of a run's artifacts; give a run, or a URI ``runs:/<run id>/path``."""
    run, path = _locate(artifact_uri, run_id, artifact_path)
    return session.client().artifacts.list(run, path)


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
) -> str:
    """Download a file or a folder into ``dst_path``, or a new temporary folder; the local path."""
    run, path = _locate(artifact_uri, run_id, artifact_path)
    target = Path(dst_path) if dst_path else Path(tempfile.mkdtemp(prefix="cloudtrack-"))
    return str(session.client().artifacts.download(run, path, target))


def load_text(artifact_uri: str) -> str:
    """A file as text."""
    run, path = _locate(artifact_uri, None, None)
    return session.client().artifacts.read(run, path).decode()


def load_dict(artifact_uri: str) -> Any:
    """A JSON file as a dictionary."""
    return json.loads(load_text(artifact_uri))


def load_image(artifact_uri: str) -> Any:
    """An image file as a PIL image."""
    run, path = _locate(artifact_uri, None, None)
    return _pillow().open(io.BytesIO(session.client().artifacts.read(run, path)))


def _locate(uri: str | None, run_id: str | None, path: str | None) -> tuple[str, str]:
    """Run and path. Takes ``runs:/`` and the store's own artifact URIs."""
    if (uri is None) == (run_id is None):
        raise InvalidInput("give an artifact_uri, or a run_id with an artifact_path: one of the two")
    if uri is None:
        return run_id or "", path or ""
    root = f"{session.client().store.url}/runs/"
    if uri.startswith(root):
        run, _, rest = uri[len(root) :].partition("/artifacts")
        return run, rest.strip("/")
    parts = urlsplit(uri)
    if parts.scheme != "runs":
        raise InvalidInput(f"{uri!r} is no artifact of this store: use runs:/<run id>/<path>")
    run, _, rest = parts.path.strip("/").partition("/")
    return run, rest.strip("/")


def _to_picture(image: Any) -> Any:
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


def _read_table(artifact_file: str, body: bytes) -> Any:
    pandas = _pandas("load_table")
    if artifact_file.endswith(".parquet"):
        return pandas.read_parquet(io.BytesIO(body))
    split = json.loads(body)
    return pandas.DataFrame(split["data"], columns=split["columns"])


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
