"""``cloudtrack models lineage|from-dataset|cp``, ``cloudtrack runs versions``: where versions come from and go to."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.client import connect
from cloudtrack.entities.model_uri import version_uri
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.release import parse_member
from cloudtrack.lineage.copying import Copy


def lineage(
    name: Annotated[str, typer.Argument(help="The registered model's name.")],
    version: Annotated[int, typer.Argument(help="The version's number.")],
    as_json: output.JsonOption = False,
) -> None:
    """Show where a version comes from: logged model, run, code, datasets, environment."""
    found = client().lineage.of(name, version)
    if as_json:
        output.show_json(found.model_dump(mode="json"))
        return
    run, code, model = found.run, found.code, found.model
    fields = {
        "version": f"{found.name}/{found.version}",
        "registered": f"{output.time(found.registered_at)} by {found.registered_by}",
        "source": found.source,
        "copied from": " ".join(f"{key}={value}" for key, value in sorted(found.copied_from.items())),
        "model": model.model_id if model else "",
        "run": f"{run.run_id} {run.run_name}, by {run.user_id}, {run.status}" if run else found.purged,
        "commit": (code.git_commit or "") + (" and uncommitted changes" if code.is_dirty else "") if code else "",
        "patch": code.patch if code else "",
        "entry point": code.entry_point if code else "",
        "command": code.command if code else "",
        "Python": found.environment.python,
        "requirements": found.environment.requirements_digest,
    }
    output.show_fields({key: value for key, value in fields.items() if value})
    datasets = [(each.name, each.digest, each.context, each.source) for each in found.datasets]
    output.show_table("Datasets", ("name", "digest", "context", "source"), datasets, empty="no datasets")
    output.show_table("Params", ("key", "value"), sorted(found.params.items()), empty="no params")
    metrics = [(key, output.number(value)) for key, value in sorted(found.metrics.items())]
    output.show_table("Metrics", ("key", "value"), metrics, empty="no metrics")


def from_dataset(
    name: Annotated[str, typer.Argument(help="The dataset's name.")],
    digest: Annotated[str, typer.Argument(help="Its digest; any by default.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """List the versions whose runs read a dataset."""
    _show(client().lineage.from_dataset(name, digest or None), as_json=as_json)


def from_run(run_id: Annotated[str, typer.Argument(help="The run's id.")], as_json: output.JsonOption = False) -> None:
    """List the versions of registered models that came from a run."""
    _show(client().lineage.from_run(run_id), as_json=as_json)


def copy(
    version: Annotated[str, typer.Argument(help="churn/7, churn@champion, or a models:/ URI.")],
    target: Annotated[str, typer.Argument(help="A folder, s3://bucket/prefix, or a server; made where it is none.")],
    name: Annotated[str, typer.Option("--name", help="The name there; the same by default.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Copy a version to another store, files and lineage; done again, it is found there."""
    source = client()
    found = source.resolve_version(parse_member(version))
    made = Copy(source, source.uri, version_uri(found.name, found.version)).to(
        connect(target, create=True), name or None
    )
    if as_json:
        output.show_json(made)
    else:
        output.say(f"{version} is {made.name}/{made.version} in {target}")


def _show(versions: list[ModelVersion], *, as_json: bool) -> None:
    if as_json:
        output.show_json(versions)
        return
    rows = [(each.name, each.version, each.current_stage, each.run_id, each.source) for each in versions]
    output.show_table("Versions", ("name", "version", "stage", "run", "source"), rows, empty="no versions")
