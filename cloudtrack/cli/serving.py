"""``cloudtrack models serve``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cloudtrack.cli import output
from cloudtrack.cli.elsewhere import command_in
from cloudtrack.cli.state import client, state
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import InvalidInput
from cloudtrack.models.finding import local_folder
from cloudtrack.models.rebuilding import environment_for

if TYPE_CHECKING:
    from cloudtrack.scoring.server import ServeOptions


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
    env_manager: Annotated[
        EnvironmentManager, typer.Option(help="Serve in an environment as the model was saved with, made by this.")
    ] = EnvironmentManager.LOCAL,
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
    if env_manager != EnvironmentManager.LOCAL:
        _serve_in_its_environment(options, env_manager)
    output.say(f"cloudtrack serves {model_uri} at http://{host}:{port}/invocations")
    serve_model(options)


def _serve_in_its_environment(options: ServeOptions, manager: EnvironmentManager) -> NoReturn:
    """Become the interpreter there, which serves the version that the environment was made for."""
    if options.follow:
        raise InvalidInput("--follow serves versions to come, whose environments may differ: leave --env-manager out")
    model_uri = options.source.resolve().uri or options.model_uri
    with local_folder(model_uri, client) as folder:
        python = environment_for(folder, manager)
    command = command_in(python, options.model_uri, model_uri)
    os.execv(command[0], command)  # noqa: S606 - no shell, our own words
