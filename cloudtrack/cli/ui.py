"""``cloudtrack ui`` and ``cloudtrack export-site``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import state, store_client
from cloudtrack.config import store_uri


def ui(
    root: Annotated[
        str | None, typer.Option("--root", help="The store: a folder or s3://bucket/prefix. Default: as --store.")
    ] = None,
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 5000,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Show a store in the browser: a server for this machine, and its page."""
    from cloudtrack.server import ServerOptions, serve
    from cloudtrack.ui.browser import open_when_ready

    options = ServerOptions(root=root or state.store or store_uri(), port=port, access_log=False).checked()
    url = f"http://{options.host}:{port}/"
    output.say(f"cloudtrack shows {options.root} at {url}")
    if opens:
        open_when_ready(url, options.host, port)
    serve(options)


def export_site(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    max_bytes: Annotated[int, typer.Option(help="Artifacts are copied up to this many bytes.", min=0)] = 100_000_000,
) -> None:
    """Write the page and all that it shows into a folder that any web server can serve, read-only."""
    from cloudtrack.api.bundle import Bundle
    from cloudtrack.ui import export

    done = export.export_site(store_client(), Bundle().files(), folder, max_bytes=max_bytes)
    copied = done.copied
    output.say(f"{folder} has {done.answers} answers and {copied.count} files, {output.size(copied.bytes)}")
    if copied.left_out:
        left_bytes = sum(each["size_bytes"] for each in copied.left_out)
        output.say(f"left out: {len(copied.left_out)} files, {output.size(left_bytes)}; --max-bytes takes more")
    if done.damaged:
        output.say(f"missing: {len(done.damaged)} answers about what is damaged in the store; site.json names them")
    output.say(f"look at it: python -m http.server --directory {folder}")
