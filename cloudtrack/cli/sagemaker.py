"""``cloudtrack sagemaker``."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.prediction import ModelUri
from cloudtrack.cli.state import client
from cloudtrack.models.finding import local_folder

app = typer.Typer(help="Deploy models to SageMaker endpoints, and delete these.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The endpoint's name.")]
Region = Annotated[str | None, typer.Option(help="The AWS region; else that of your settings.")]


@app.command("deploy")
def deploy(
    name: Name,
    model_uri: ModelUri,
    image: Annotated[str, typer.Option(help="The container's image in ECR (see docs/scoring.md).")],
    role: Annotated[str, typer.Option(help="ARN of the role that SageMaker takes.")],
    place: Annotated[str, typer.Option("--archives", help="Where the model's archive goes: s3://bucket/prefix.")],
    instance_type: Annotated[str, typer.Option(help="SageMaker's name of a machine.")] = "ml.m5.large",
    instances: Annotated[int, typer.Option(help="How many machines.", min=1)] = 1,
    region: Region = None,
    as_json: output.JsonOption = False,
) -> None:
    """Serve a model at an endpoint; one that is there exchanges its model."""
    from cloudtrack.scoring.endpoints import EndpointOptions, Endpoints

    options = EndpointOptions(image, role, place, instance_type, instances)
    with local_folder(model_uri, client) as folder:
        arn = Endpoints(region).deploy(name, folder, options)
    if as_json:
        output.show_json({"name": name, "arn": arn})
    else:
        output.say(f"{arn} will be in service in some minutes")


@app.command("delete")
def delete(name: Name, region: Region = None, as_json: output.JsonOption = False) -> None:
    """Delete an endpoint, its configuration and its model; the archive stays."""
    from cloudtrack.scoring.endpoints import Endpoints

    Endpoints(region).delete(name)
    if as_json:
        output.show_json({"name": name, "deleted": True})
    else:
        output.say(f"deleted the endpoint {name}")
