"""``cloudtrack datasets``: what runs read, and who read it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cloudtrack.cli import output
from cloudtrack.cli.experiments import find
from cloudtrack.cli.state import client
from cloudtrack.entities.run import Run
from cloudtrack.errors import NotFound
from cloudtrack.lineage.dataset_uses import context_of, is_use_of, uses_of

app = typer.Typer(help="List and show the datasets that runs read.", no_args_is_help=True)

_PROFILE_ROWS = ("num_rows", "num_files", "features_shape")


@app.command("list")
def list_datasets(
    experiment: Annotated[str, typer.Option("--experiment", "-e", help="Name or id; all experiments by default.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """List the datasets that runs read, each digest for itself, the one used last first."""
    store = client()
    found = store.lineage.datasets([find(store, experiment).experiment_id] if experiment else None)
    if as_json:
        output.show_json([each.model_dump(mode="json") for each in found])
        return
    rows = [
        (
            each.digest,
            each.name,
            _rows(each.profile),
            each.source_type,
            ", ".join(each.contexts),
            each.runs,
            output.time(each.last_used),
        )
        for each in found
    ]
    columns = ("digest", "name", "rows", "from", "contexts", "runs", "last used (UTC)")
    output.show_table("Datasets", columns, rows, empty="no datasets")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The dataset's name.")],
    digest: Annotated[
        str, typer.Option("--digest", help="Of this digest alone; of the one used last by default.")
    ] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Show a dataset: source, schema, profile, and the runs and versions that it went into."""
    store = client()
    runs = store.lineage.runs_of_dataset(name, digest or None)
    all_uses = [each for each in uses_of(runs) if each.name == name and digest in ("", each.digest)]
    if not all_uses:
        raise NotFound(f"no run read a dataset {name!r}" + (f" with the digest {digest}" if digest else ""))
    shown = all_uses[0]
    readers = [run for run in runs if any(is_use_of(use, name, shown.digest) for use in run.inputs.dataset_inputs)]
    versions = store.lineage.from_dataset(name, shown.digest)
    others = [each.digest for each in all_uses[1:]]
    if as_json:
        said = shown.model_dump(mode="json") | {"other_digests": others, "read_by": [run.info for run in readers]}
        output.show_json(said | {"model_versions": versions})
        return
    output.show_fields(
        {
            "name": shown.name,
            "digest": shown.digest,
            "source": f"{shown.source_type} {_place(shown.source)}",
            "contexts": ", ".join(shown.contexts),
            **{key: _text(value) for key, value in _parsed(shown.profile).items()},
            **{key: _text(value) for key, value in _parsed(shown.dataset_schema).items() if isinstance(value, str)},
            "other digests": " ".join(others),
        }
    )
    output.show_table("Schema", ("column", "type", "missing"), _columns(shown.dataset_schema), empty="no schema")
    rows = [
        (run.info.run_id, run.info.run_name, _contexts(run, name), output.time(run.info.start_time)) for run in readers
    ]
    output.show_table("Runs", ("id", "name", "context", "started (UTC)"), rows, empty="no runs")
    made = [(each.name, each.version, each.current_stage, each.run_id) for each in versions]
    output.show_table("Versions", ("name", "version", "stage", "run"), made, empty="no versions of models")


def _contexts(run: Run, name: str) -> str:
    found = [context_of(use) for use in run.inputs.dataset_inputs if use.dataset.name == name]
    return ", ".join(context for context in found if context)


def _rows(profile: str | None) -> str:
    said = _parsed(profile)
    key = next((key for key in _PROFILE_ROWS if key in said), "")
    if key == "num_files":
        return f"{said[key]} file" if said[key] == 1 else f"{said[key]} files"
    value = said.get(key, "")
    return str(value[0]) if isinstance(value, list) and value else _text(value)


def _columns(schema: str | None) -> list[tuple[str, str, str]]:
    said = _parsed(schema)
    columns = said.get("mlflow_colspec")
    if isinstance(columns, list):
        found = [each for each in columns if isinstance(each, dict)]
        return [
            (_text(each.get("name")), _text(each.get("type")), "" if each.get("required", True) else "yes")
            for each in found
        ]
    tensors = said.get("mlflow_tensorspec")
    return [(key, _text(spec), "") for key, spec in tensors.items()] if isinstance(tensors, dict) else []


def _place(source: str) -> str:
    said = _parsed(source)
    return _text(next((said[key] for key in ("uri", "url", "path", "table_name", "sql") if said.get(key)), ""))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _parsed(text: str | None) -> dict[str, Any]:
    """What a program wrote, which need not be JSON."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
