"""``cloudtrack models predict`` and ``cloudtrack models env``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer

from cloudtrack.cli import output
from cloudtrack.cli.elsewhere import command_in
from cloudtrack.cli.state import client
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import InvalidInput
from cloudtrack.models.finding import local_folder
from cloudtrack.models.rebuilding import create_environment, environment_for

ModelUri = Annotated[
    str, typer.Option("--model-uri", "-m", help="models:/name/3, models:/name/Production, runs:/..., or a folder.")
]
Trust = Annotated[bool, typer.Option("--trust", help="Let the model run code that it brings.")]


def predict(
    model_uri: ModelUri,
    source: Annotated[str, typer.Option("--input", "-i", help="A file, or a URL such as s3://bucket/key.")],
    target: Annotated[str, typer.Option("--output", "-o", help="Where the predictions go; a file or a URL.")],
    source_format: Annotated[
        str | None, typer.Option("--input-format", help="csv, jsonl, json or parquet; else by the name's ending.")
    ] = None,
    target_format: Annotated[str | None, typer.Option("--output-format", help="The same of the output.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="Columns of the input to go before the predictions; * for all.")
    ] = None,
    params: Annotated[str | None, typer.Option("--params", help="The model's params, as JSON.")] = None,
    rows_at_once: Annotated[int, typer.Option(help="So many rows are in memory at a time.", min=1)] = 10_000,
    env_manager: Annotated[
        EnvironmentManager, typer.Option(help="Predict in an environment as the model was saved with, made by this.")
    ] = EnvironmentManager.LOCAL,
    trust: Trust = False,
    as_json: output.JsonOption = False,
) -> None:
    """Predict for every row of a file of any size, in order."""
    if env_manager != EnvironmentManager.LOCAL:
        with local_folder(model_uri, client) as folder:
            command = command_in(environment_for(folder, env_manager), model_uri, str(folder))
            raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - no shell, our own words
    from cloudtrack.batch.prediction import predict_file
    from cloudtrack.models.pyfunc import load_local
    from cloudtrack.models.trust import trusting
    from cloudtrack.storage.places import size_of

    with trusting(trust or None), local_folder(model_uri, client) as folder:
        model = load_local(folder)
    with output.progress(f"predicting {source}", size_of(source)) as moved:
        rows = predict_file(
            model,
            source,
            target,
            source_format=source_format,
            target_format=target_format,
            rows_at_once=rows_at_once,
            keep=keep or (),
            params=_params(params),
            moved=moved,
        )
    if as_json:
        output.show_json({"rows": rows, "output": target})
    else:
        output.say(f"{rows} predictions in {target}")


def env(
    model_uri: Annotated[str, typer.Argument(help="The model.")],
    create: Annotated[Path, typer.Option("--create", help="The new folder of the environment.")],
    env_manager: Annotated[EnvironmentManager, typer.Option(help="uv, virtualenv or conda.")] = EnvironmentManager.UV,
    as_json: output.JsonOption = False,
) -> None:
    """Rebuild the environment that a model was saved with. Installing packages runs their code."""
    if env_manager == EnvironmentManager.LOCAL:
        raise InvalidInput("--env-manager local makes no environment: use uv, virtualenv or conda")
    with local_folder(model_uri, client) as folder:
        python = create_environment(folder, create, env_manager)
    if as_json:
        output.show_json({"python": str(python)})
    else:
        output.say(f"{python}  (predict there: {python} -m cloudtrack models predict ...)")


def _params(text: str | None) -> dict[str, Any]:
    try:
        params = json.loads(text or "{}")
    except ValueError as error:
        raise InvalidInput(f"--params is no JSON: {error}") from error
    if not isinstance(params, dict):
        raise InvalidInput("--params is no JSON object such as '{\"temperature\": 0.5}'")
    return params
