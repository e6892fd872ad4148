"""``cloudtrack artifacts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.runs import RunId
from cloudtrack.cli.state import client

app = typer.Typer(help="List, upload, download and delete the files of a run.", no_args_is_help=True)

ArtifactPath = Annotated[str, typer.Argument(help="Path below the run's artifacts; empty for all.")]


@app.command("list")
def list_artifacts(run_id: RunId, path: ArtifactPath = "", as_json: output.JsonOption = False) -> None:
    """List one level of a run's files."""
    store = client()
    store.runs.get(run_id)
    found = store.run_files.list(run_id, path)
    if as_json:
        output.show_json(found)
        return
    rows = [
        (f"{info.path}/" if info.is_dir else info.path, "" if info.is_dir else output.size(info.file_size))
        for info in found
    ]
    output.show_table("Artifacts", ("path", "size"), rows, empty="no artifacts")


@app.command("log")
def log(
    run_id: RunId,
    local_path: Annotated[Path, typer.Argument(help="A file or a folder.")],
    folder: Annotated[str, typer.Option("--to", help="Folder below the run's artifacts.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Upload a file, or what is in a folder."""
    store = client()
    store.runs.get(run_id)
    files = [local_path] if local_path.is_file() else [path for path in local_path.rglob("*") if path.is_file()]
    with output.progress(f"uploading {local_path}", sum(path.stat().st_size for path in files)) as moved:
        if local_path.is_dir():
            store.artifacts.log_folder(run_id, local_path, folder, progress=moved)
        else:
            store.artifacts.log_file(run_id, local_path, folder, progress=moved)
    if as_json:
        output.show_json({"run_id": run_id, "files": len(files)})
    else:
        output.say(f"uploaded {len(files)} file(s) to run {run_id}")


@app.command("download")
def download(
    run_id: RunId,
    path: ArtifactPath = "",
    target: Annotated[Path, typer.Option("--to", help="Local folder; the current one by default.")] = Path(),
    as_json: output.JsonOption = False,
) -> None:
    """Download a file, or a folder with all below it."""
    store = client()
    store.runs.get(run_id)
    total = sum(info.file_size or 0 for info in store.run_files.walk(run_id, path))
    with output.progress(f"downloading {path or run_id}", total) as moved:
        local = store.run_files.download(run_id, path, target, progress=moved)
    if as_json:
        output.show_json({"run_id": run_id, "path": str(local), "size_bytes": total})
    else:
        output.say(f"{local}  ({output.size(total)})")


@app.command("delete")
def delete(
    run_id: RunId,
    path: Annotated[str, typer.Argument(help="Path below the run's artifacts.")],
    as_json: output.JsonOption = False,
) -> None:
    """Delete a file, or a folder with all below it. It does not come back."""
    store = client()
    store.runs.get(run_id)
    store.artifacts.delete(run_id, path)
    if as_json:
        output.show_json({"run_id": run_id, "deleted": path})
    else:
        output.say(f"deleted {path} of run {run_id}")
