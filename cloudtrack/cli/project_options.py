"""Options of the commands that run projects."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.environments.manager import EnvironmentManager

SOURCES = "A folder, a git repository or a zip; #folder/below may follow."

EntryPoint = Annotated[str, typer.Option("--entry-point", "-e", help="Of the project, or a script of it.")]
Version = Annotated[str | None, typer.Option("--version", "-v", help="A branch, tag or commit of a git repository.")]
Parameters = Annotated[list[str] | None, typer.Option("--param-list", "-P", help="NAME=VALUE; may be repeated.")]
DockerArguments = Annotated[
    list[str] | None, typer.Option("--docker-args", "-A", help="NAME=VALUE or NAME, for docker run.")
]
ExperimentName = Annotated[str, typer.Option(help="The experiment of the run; made where there is none.")]
ExperimentId = Annotated[str, typer.Option(help="The same, by id.")]
BackendName = Annotated[str, typer.Option("--backend", "-b", help="Where it runs.")]
BackendConfig = Annotated[
    str | None, typer.Option("--backend-config", "-c", help="A JSON file, or JSON, for the backend.")
]
Manager = Annotated[EnvironmentManager | None, typer.Option(help="What makes the environment; local: none is made.")]
RunName = Annotated[str | None, typer.Option(help="The name of the run.")]
