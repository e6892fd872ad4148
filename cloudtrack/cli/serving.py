"""``cloudtrack models serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import state


def serve(
    model_uri: Annotated[
        str,
        typer.Option(
            "--model-uri", "-m", help="models:/<name>@<alias>, models:/<name>/<version or stage>, runs:/..., a folder."
        ),
    ],
    host: Annotated[str, typer.Option("--host", "-h", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", help="The port to listen on.", min=1, max=65535)] = 5000,
    workers: Annotated[int, typer.Option("--workers", "-w", help="How many processes serve.", min=1, max=64)] = 1,
    follow: Annotated[
        bool, typer.Option("--follow", help="Serve the new version when the stage or alias moves, without a restart.")
    ] = False,
    trust: Annotated[bool, typer.Option("--trust", help="Let the model run code that it brings.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", "-t", help="Seconds that a prediction may take.", min=0.001)
    ] = 60,
    allow_anyone: Annotated[
        bool, typer.Option("--allow-anyone", help="Listen to other machines; there is no login.")
    ] = False,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name (host or host:port) that the server answers to; may be repeated.")
    ] = None,
) -> None:
    """Answer scoring requests with a model: MLflow's REST protocol for scoring."""
    from cloudtrack.scoring.server import ServeOptions
    from cloudtrack.scoring.server import serve as serve_model

    options = ServeOptions(
        model_uri=model_uri,
        host=host,
        port=port,
        workers=workers,
        follow=follow,
        trust=trust,
        timeout_s=timeout,
        store=state.store,
        allow_anyone=allow_anyone,
        allowed_hosts=tuple(allowed_host or ()),
    ).checked()
    output.say(f"cloudtrack serves {model_uri} at http://{host}:{port}/invocations")
    serve_model(options)
