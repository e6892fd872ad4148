"""``cloudtrack models predict``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.errors import InvalidInput

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
    trust: Trust = False,
    as_json: output.JsonOption = False,
) -> None:
    """Predict for every row of a file of any size, in order."""
    from cloudtrack.batch.places import size_of
    from cloudtrack.batch.prediction import predict_file
    from cloudtrack.models.finding import local_folder
    from cloudtrack.models.pyfunc import load_local
    from cloudtrack.models.trust import trusting

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


def _params(text: str | None) -> dict[str, Any]:
    try:
        params = json.loads(text or "{}")
    except ValueError as error:
        raise InvalidInput(f"--params is no JSON: {error}") from error
    if not isinstance(params, dict):
        raise InvalidInput("--params is no JSON object such as '{\"temperature\": 0.5}'")
    return params
