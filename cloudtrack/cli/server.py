"""``cloudtrack server``."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.api.settings import ArtifactRoute
from cloudtrack.cli import output
from cloudtrack.cli.state import state
from cloudtrack.config import store_uri


def server(
    root: Annotated[
        str | None, typer.Option("--root", help="The store: a folder or s3://bucket/prefix. Default: as --store.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 5000,
    workers: Annotated[int, typer.Option(help="How many processes serve.", min=1, max=64)] = 1,
    auth: Annotated[
        bool, typer.Option("--auth", help="Demand tokens and check permissions; needed to listen to other machines.")
    ] = False,
    artifacts: Annotated[
        ArtifactRoute,
        typer.Option(help="How files travel: through the server, by signed URLs, or straight to the bucket."),
    ] = ArtifactRoute.STREAM,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name (host or host:port) that the server answers to; may be repeated.")
    ] = None,
    access_log: Annotated[bool, typer.Option("--access-log/--no-access-log", help="A line for each request.")] = True,
) -> None:
    """Serve MLflow's REST API over a store."""
    from cloudtrack.server import ServerOptions, serve

    options = ServerOptions(
        root=root or state.store or store_uri(),
        host=host,
        port=port,
        auth=auth,
        artifacts=artifacts,
        allowed_hosts=tuple(allowed_host or ()),
        access_log=access_log,
    ).checked()
    output.say(f"cloudtrack serves {options.root} at http://{host}:{port}")
    output.say(f"MLflow's clients: export MLFLOW_TRACKING_URI=http://{host}:{port}")
    serve(options, workers=workers)
