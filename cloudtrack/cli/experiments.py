"""``cloudtrack experiments``."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.purges import purge_experiment
from cloudtrack.cli.state import client
from cloudtrack.client import AnyClient
from cloudtrack.entities.experiment import Experiment, ViewType
from cloudtrack.errors import NotFound

app = typer.Typer(help="Create, list, rename and delete experiments.", no_args_is_help=True)

app.command("purge")(purge_experiment)

NameOrId = Annotated[str, typer.Argument(help="The experiment's name or id.")]


def find(store: AnyClient, name_or_id: str) -> Experiment:
    """An experiment by name or id. Raises NotFound."""
    named = store.experiments.get_by_name(name_or_id)
    if named is not None:
        return named
    try:
        return store.experiments.get(name_or_id)
    except (NotFound, ValueError) as error:
        raise NotFound(f"there is no experiment named {name_or_id!r}, and none with that id, in {store.uri}") from error


@app.command("create")
def create(name: str, as_json: output.JsonOption = False) -> None:
    """Create an experiment."""
    store = client(create=True)
    experiment = store.experiments.get(store.experiments.create(name))
    _show_one(experiment, as_json)


@app.command("list")
def list_experiments(
    deleted: Annotated[bool, typer.Option("--deleted", help="Show those in the trash.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """List experiments, newest first."""
    found = client().experiments.search(view_type=ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY)
    if as_json:
        output.show_json(found)
        return
    rows = [(item.experiment_id, item.name, output.time(item.creation_time), len(item.tags)) for item in found]
    output.show_table("Experiments", ("id", "name", "created (UTC)", "tags"), rows, empty="no experiments")


@app.command("show")
def show(experiment: NameOrId, as_json: output.JsonOption = False) -> None:
    """Show one experiment."""
    _show_one(find(client(), experiment), as_json)


@app.command("rename")
def rename(experiment: NameOrId, new_name: str, as_json: output.JsonOption = False) -> None:
    """Give an experiment another name."""
    store = client()
    found = find(store, experiment)
    store.experiments.rename(found.experiment_id, new_name)
    _show_one(store.experiments.get(found.experiment_id), as_json)


@app.command("delete")
def delete(experiment: NameOrId, as_json: output.JsonOption = False) -> None:
    """Move an experiment and its runs to the trash."""
    store = client()
    found = find(store, experiment)
    store.runs.delete_experiment(found.experiment_id)
    _show_one(store.experiments.get(found.experiment_id), as_json)


@app.command("restore")
def restore(experiment: NameOrId, as_json: output.JsonOption = False) -> None:
    """Take an experiment out of the trash."""
    store = client()
    found = find(store, experiment)
    store.runs.restore_experiment(found.experiment_id)
    _show_one(store.experiments.get(found.experiment_id), as_json)


@app.command("tag")
def tag(experiment: NameOrId, key: str, value: str, as_json: output.JsonOption = False) -> None:
    """Set a tag on an experiment."""
    store = client()
    found = find(store, experiment)
    store.experiments.set_tag(found.experiment_id, key, value)
    _show_one(store.experiments.get(found.experiment_id), as_json)


def _show_one(experiment: Experiment, as_json: bool) -> None:
    if as_json:
        output.show_json(experiment)
        return
    output.show_fields(
        {
            "id": experiment.experiment_id,
            "name": experiment.name,
            "stage": experiment.lifecycle_stage,
            "created": output.time(experiment.creation_time),
            **{f"tag {key}": value for key, value in experiment.tags.items()},
        }
    )
