"""``cloudtrack models pin``: the files of a version, listed for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.entities.model_version import ModelVersion


def pin(
    name: Annotated[str, typer.Argument(help="The registered model's name.")],
    version: Annotated[int, typer.Argument(help="The version's number.")],
    copy: Annotated[
        bool, typer.Option("--copy", help="Have the registry keep the files itself: they outlive the run.")
    ] = False,
    as_json: output.JsonOption = False,
) -> None:
    """List the files of a version that was registered without; all are read, and are compared with it from then on."""
    store = client()
    pinned = store.pin_version(name, version, copy=copy)
    if as_json:
        output.show_json({"version": pinned, "files": store.model_versions.manifest(pinned).model_dump()["files"]})
        return
    manifest = store.model_versions.manifest(pinned)
    where = "kept by the registry" if pinned.kept else f"at {pinned.source}"
    output.say(f"{name} version {version}: {len(manifest.files)} files, {output.size(manifest.size_bytes)}, {where}")


def unless_pinned(version: ModelVersion) -> str:
    """What to add where the files of a version were not listed."""
    return (
        ""
        if version.manifest
        else f"; its files are not listed yet: cloudtrack models pin {version.name} {version.version}"
    )
