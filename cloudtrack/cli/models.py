"""``cloudtrack models``: the registry."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output, reviews
from cloudtrack.cli.model_diff import diff
from cloudtrack.cli.model_files import pin, unless_pinned
from cloudtrack.cli.model_lineage import copy, from_dataset, lineage
from cloudtrack.cli.prediction import env, predict
from cloudtrack.cli.serving import serve
from cloudtrack.cli.state import client
from cloudtrack.entities.model_version import ModelVersion

app = typer.Typer(help="Register models, move stages, set aliases, predict.", no_args_is_help=True)
app.command("predict")(predict)
app.command("env")(env)
app.command("serve")(serve)
app.command("request")(reviews.request)
app.command("requests")(reviews.requests)
app.command("approve")(reviews.approve)
app.command("reject")(reviews.reject)
app.command("withdraw")(reviews.withdraw)
app.command("comment")(reviews.comment)
app.command("pin")(pin)
app.command("diff")(diff)
app.command("lineage")(lineage)
app.command("from-dataset")(from_dataset)
app.command("cp")(copy)

Name = Annotated[str, typer.Argument(help="The registered model's name.")]
Version = Annotated[int, typer.Argument(help="The version's number.")]
Copy = Annotated[bool, typer.Option("--copy", help="Have the registry keep the files itself: they outlive the run.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why; kept in the history.")]
Force = Annotated[bool, typer.Option("--force", help="Whatever policy.yaml says; the history tells.")]


@app.command("create")
def create(
    name: Name,
    description: Annotated[str, typer.Option("--description")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Create a registered model without versions."""
    model = client(create=True).registered_models.create(name, description=description or None)
    if as_json:
        output.show_json(model)
    else:
        output.say(f"created {model.name}")


@app.command("list")
def list_models(as_json: output.JsonOption = False) -> None:
    """List registered models."""
    found = client().registered_models.search(max_results=1000)
    if as_json:
        output.show_json(found)
        return
    rows = [
        (
            model.name,
            max((version.version for version in model.latest_versions), default=""),
            ", ".join(f"{v.current_stage} {v.version}" for v in model.latest_versions if v.current_stage != "None"),
            ", ".join(f"@{alias} {version}" for alias, version in model.aliases.items()),
            output.time(model.last_updated_timestamp),
        )
        for model in found
    ]
    output.show_table(
        "Registered models", ("name", "latest", "stages", "aliases", "changed (UTC)"), rows, empty="no models"
    )


@app.command("show")
def show(name: Name, as_json: output.JsonOption = False) -> None:
    """Show a model and its versions."""
    store = client()
    model = store.registered_models.get(name)
    versions = store.model_versions.list(name)
    if as_json:
        output.show_json({"model": model, "versions": versions})
        return
    output.show_fields(
        {
            "name": model.name,
            "description": model.description or "",
            "changed": output.time(model.last_updated_timestamp),
        }
    )
    _show_versions(versions)


@app.command("register")
def register(
    source: Annotated[str, typer.Argument(help="Where the model is, such as runs:/<run id>/model.")],
    name: Name,
    comment: Comment = "",
    copy: Copy = False,
    as_json: output.JsonOption = False,
) -> None:
    """Register a model as the next version of a name; the name is made where there is none."""
    version = client(create=True).register_model(source, name, description=comment or None, copy=copy)
    if as_json:
        output.show_json(version)
    else:
        output.say(f"registered {version.name} version {version.version}" + unless_pinned(version))


@app.command("promote")
def promote(
    name: Name,
    version: Version,
    stage: Annotated[str, typer.Argument(help="Staging, Production, or another stage of the model.")] = "Production",
    archive_existing: Annotated[
        bool, typer.Option("--archive-existing/--keep-existing", help="Archive the stage's present versions.")
    ] = True,
    expect: Annotated[
        int | None, typer.Option(help="The only version that may hold the stage now, 0 for none; else it is refused.")
    ] = None,
    force: Force = False,
    comment: Comment = "",
    as_json: output.JsonOption = False,
) -> None:
    """Move a version to a stage."""
    archive = archive_existing and stage.lower() not in ("none", "archived")
    moved = client().stages.transition(
        name, version, stage, archive_existing_versions=archive, expect=expect, comment=comment or None, force=force
    )
    _show_moved(moved, as_json=as_json)


@app.command("rollback")
def rollback(
    name: Name,
    stage: Annotated[str, typer.Argument(help="The stage.")] = "Production",
    expect: Annotated[
        int | None, typer.Option(help="The only version that may hold the stage now; else it is refused.")
    ] = None,
    force: Force = False,
    comment: Comment = "",
    as_json: output.JsonOption = False,
) -> None:
    """Give a stage back to the version that had it before; again, to the one before that."""
    moved = client().stages.rollback(name, stage, expect=expect, comment=comment or None, force=force)
    _show_moved(moved, as_json=as_json)


@app.command("stages")
def stages(
    name: Name,
    own: Annotated[list[str] | None, typer.Argument(help="The stages between None and Archived, in order.")] = None,
    exclusive: Annotated[
        list[str] | None, typer.Option(help="A stage that one version holds at a time; may be repeated.")
    ] = None,
    comment: Comment = "",
    as_json: output.JsonOption = False,
) -> None:
    """Show a model's stages, or give it stages of its own."""
    store = client()
    if own:
        model = store.registered_models.set_stages(name, own, exclusive=exclusive or (), comment=comment or None)
    elif exclusive:
        raise typer.BadParameter("name the stages too, in order")
    else:
        model = store.registered_models.get(name)
    if as_json:
        output.show_json({"stages": model.stages, "exclusive_stages": model.exclusive_stages})
    else:
        output.say(" > ".join(f"{one} (one version)" if one in model.exclusive_stages else one for one in model.stages))


@app.command("alias")
def alias(
    name: Name,
    alias_name: Annotated[str, typer.Argument(metavar="ALIAS")],
    version: Annotated[int | None, typer.Argument(help="The version's number; leave it out with --delete.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the alias.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Point an alias to a version, or delete it."""
    store = client()
    if delete == (version is not None):
        raise typer.BadParameter("give a version, or --delete")
    if version is None:
        store.aliases.delete(name, alias_name)
    else:
        store.aliases.set(name, alias_name, version)
    model = store.registered_models.get(name)
    if as_json:
        output.show_json(model)
    else:
        output.say(", ".join(f"@{key} {value}" for key, value in model.aliases.items()) or "no aliases")


@app.command("delete")
def delete(
    name: Name,
    version: Annotated[int | None, typer.Argument(help="One version; the whole model by default.")] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Delete a version, or a model with its versions. The history stays, and numbers are not used again."""
    store = client()
    if version is None:
        store.registered_models.delete(name)
    else:
        store.model_versions.delete(name, version)
    if as_json:
        output.show_json({"name": name, "version": version, "deleted": True})
    else:
        output.say(f"deleted {name}" if version is None else f"deleted {name} version {version}")


def _show_moved(moved: ModelVersion, *, as_json: bool) -> None:
    if as_json:
        output.show_json(moved)
    else:
        output.say(f"{moved.name} version {moved.version} is in {moved.current_stage}")


def _show_versions(versions: list[ModelVersion]) -> None:
    rows = [
        (v.version, v.current_stage, ", ".join(f"@{a}" for a in v.aliases), output.time(v.creation_timestamp), v.source)
        for v in versions
    ]
    output.show_table("Versions", ("version", "stage", "aliases", "created (UTC)", "source"), rows, empty="no versions")
