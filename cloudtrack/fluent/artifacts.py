"""Logging, listing and fetching the files of runs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cloudtrack.client import AnyClient
from cloudtrack.entities.artifact import FileInfo
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.fluent import session
from cloudtrack.fluent.active_runs import active_writer, current_run_id
from cloudtrack.storage.progress_line import is_looked_at, progress_line
from cloudtrack.tracking import rich_artifacts
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.waiting_artifacts import WaitingArtifacts, WaitingTables

_RUN_URI = re.compile(r"(?P<root>.*/runs/(?P<run>[^/]+)/artifacts)(?P<path>/.*)?", re.DOTALL)


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Upload a file, or a folder, into the folder ``artifact_path`` of the run's artifacts."""
    path = Path(local_path)
    if path.is_dir():
        log_artifacts(path, f"{artifact_path}/{path.name}" if artifact_path else path.name, run_id)
    else:
        run = current_run_id(run_id)
        with progress_line(f"logging {path.name}", _size_of([path])) as progress:
            _artifacts(run).log_file(run, path, artifact_path or "", progress=progress)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Upload what is in a folder."""
    run = current_run_id(run_id)
    with progress_line(f"logging {Path(local_dir).name}", _size_of(Path(local_dir).rglob("*"))) as progress:
        _artifacts(run).log_folder(run, local_dir, artifact_path or "", progress=progress)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Write text to a file of the run, as UTF-8."""
    run = current_run_id(run_id)
    _artifacts(run).log_text(run, text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Write a dictionary as YAML (.yml, .yaml) or JSON (any other ending)."""
    run = current_run_id(run_id)
    _artifacts(run).log_dict(run, dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
    """Write a matplotlib figure (format by the ending) or a plotly one (.html, or an image)."""
    run = current_run_id()
    rich_artifacts.log_figure(_artifacts(run), run, figure, artifact_file, save_kwargs or {})


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = None,  # noqa: ARG001 - MLflow's argument; there is nothing to wait for
) -> None:
    """Write an image: PIL's, ``cloudtrack.Image`` or a numpy array (height, width[, channels]) of integers 0-255 or
    floats 0-1.

    Give ``artifact_file``, or ``key`` and a step for a series of images under ``images/``. The file is stored
    when this returns.
    """
    run = current_run_id()
    rich_artifacts.log_image(_artifacts(run), run, image, artifact_file, key=key, step=step, timestamp=timestamp)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Append rows to a table file, .json or .parquet: a dictionary of columns, or a pandas DataFrame."""
    run = current_run_id(run_id)
    behind, writer = session.client().artifacts, active_writer(run)
    rich_artifacts.log_table(WaitingTables(behind, writer) if writer else behind, run, data, artifact_file)


def load_table(artifact_file: str, run_ids: list[str] | None = None, extra_columns: list[str] | None = None) -> Any:
    """The table of each run in one DataFrame; of all runs of the experiment in force by default.

    ``extra_columns`` may hold ``run_id``, or names of run attributes such as ``start_time``.
    """
    client = session.client()
    ids = run_ids or [run.info.run_id for run in client.runs.list([session.current_experiment().experiment_id])]
    return load_tables(client, ids, artifact_file, extra_columns)


def load_tables(client: AnyClient, run_ids: list[str], artifact_file: str, extra_columns: list[str] | None) -> Any:
    """The tables of these runs in one DataFrame. Raises NotFound where none has one."""
    tables = []
    for run_id in run_ids:
        with contextlib.suppress(NotFound):
            table = rich_artifacts.read_table(client.artifacts, run_id, artifact_file)
            info = client.runs.get(run_id).info
            for column in extra_columns or []:
                table[column] = getattr(info, column)
            tables.append(table)
    if not tables:
        raise NotFound(f"none of these runs has a table {artifact_file!r}")
    return rich_artifacts.concat_tables(tables)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the artifacts of the active run are."""
    root = session.client().runs.get(current_run_id()).info.artifact_uri
    return f"{root}/{artifact_path}" if artifact_path else root


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """One level of a run's artifacts; give a run, or a URI ``runs:/<run id>/path``."""
    run, path = _locate(artifact_uri, run_id, artifact_path)
    return session.client(tracking_uri).run_files.list(run, path)


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """Download a file or a folder into ``dst_path``, or a new temporary folder; the local path.

    The registry is part of the store: a ``registry_uri`` that is not the store's is refused.
    """
    if registry_uri and registry_uri != tracking_uri:
        session.set_registry_uri(registry_uri)  # refuses where it is elsewhere, and says why
    run, path = _locate(artifact_uri, run_id, artifact_path)
    target = Path(dst_path) if dst_path else Path(tempfile.mkdtemp(prefix="cloudtrack-"))
    with progress_line(f"downloading {path or run}") as progress:
        return str(session.client(tracking_uri).run_files.download(run, path, target, progress=progress))


def load_text(artifact_uri: str) -> str:
    """A file as text."""
    run, path = _locate(artifact_uri, None, None)
    return session.client().run_files.read(run, path).decode()


def load_dict(artifact_uri: str) -> Any:
    """A JSON file as a dictionary."""
    return json.loads(load_text(artifact_uri))


def load_image(artifact_uri: str) -> Any:
    """An image file as a PIL image."""
    run, path = _locate(artifact_uri, None, None)
    return rich_artifacts.read_image(session.client().artifacts, run, path)


def _size_of(paths: Iterable[Path]) -> int | None:
    """The size of these files in bytes, where somebody looks."""
    return sum(path.stat().st_size for path in paths if path.is_file()) if is_looked_at() else None


def _artifacts(run_id: str) -> Artifacts:
    """Where the files of a run go; those of a run that is active here may wait in its spool."""
    behind = session.client().artifacts
    writer = active_writer(run_id)
    return WaitingArtifacts(behind, writer) if writer else behind


def _locate(uri: str | None, run_id: str | None, path: str | None) -> tuple[str, str]:
    """Run and path. Takes ``runs:/``, and what ``get_artifact_uri`` gives."""
    if (uri is None) == (run_id is None):
        raise InvalidInput("give an artifact_uri, or a run_id with an artifact_path: one of the two")
    if uri is None:
        return run_id or "", path or ""
    parts = urlsplit(uri)
    if parts.scheme == "runs":
        run, _, rest = parts.path.strip("/").partition("/")
        return run, rest.strip("/")
    found = _RUN_URI.fullmatch(uri)
    with contextlib.suppress(NotFound, InvalidInput):
        if found and session.client().runs.get(found["run"]).info.artifact_uri == found["root"]:
            return found["run"], (found["path"] or "").strip("/")
    raise InvalidInput(f"{uri!r} is no artifact of this store: use runs:/<run id>/<path>")
