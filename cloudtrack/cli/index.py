"""``cloudtrack compact`` and ``cloudtrack reindex``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.experiments import find
from cloudtrack.cli.state import store_client
from cloudtrack.client import Client
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.maintenance.compacting import with_markers
from cloudtrack.maintenance.reindexing import check as check_index
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.tracking import keys

Experiment = Annotated[
    str, typer.Option("--experiment", "-e", help="Name or id: its runs and logged models alone. All by default.")
]


def compact(experiment: Experiment = "", as_json: output.JsonOption = False) -> None:
    """Fold what has changed into the indexes, so that searches read little. Safe at any time, by many at once."""
    store = store_client()
    wanted = _of_experiment(store, experiment) if experiment else with_markers(store.store, store.indexes)
    done = [(indexes, name, indexes.compact(name)) for indexes, name in wanted]
    if as_json:
        output.show_json(
            [{"index": indexes.title, "experiment_id": name, **asdict(item)} for indexes, name, item in done]
        )
        return
    rows = [(indexes.title, name, item.folded, item.waiting, item.merged) for indexes, name, item in done]
    columns = ("index", "experiment", "folded", "not ended", "parts merged")
    output.show_table("Compacted", columns, rows, empty="every index has all that has ended")


def reindex(
    experiment: Experiment = "",
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: compare the indexes with every document.")
    ] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Make the indexes anew from the documents, all of which are read; or check them."""
    store = store_client()
    if experiment:
        one = find(store, experiment).experiment_id
        wanted: list[tuple[Indexes, list[str]]] = [(store.run_index, [one]), (store.logged_model_index, [one])]
    else:
        every = list(keys.ids_in(store.store, keys.EXPERIMENTS))
        wanted = [(indexes, every if indexes.is_many else [ONE]) for indexes in store.indexes]
    if check:
        _check(wanted, as_json)
    else:
        _rebuild(store, wanted, as_json)


def _rebuild(store: Client, wanted: Iterable[tuple[Indexes, list[str]]], as_json: bool) -> None:
    done = {indexes.title: rebuild(store.store, indexes, names) for indexes, names in wanted}
    if as_json:
        output.show_json({title: asdict(item) for title, item in done.items()})
    else:
        rows = [(title, item.documents, item.waiting) for title, item in done.items()]
        output.show_table("Made anew", ("index", "documents", "not ended: read by each search"), rows, empty="")
    overtaken = [f"{title} {name}".strip() for title, item in done.items() for name in item.overtaken]
    if overtaken:
        output.complain(f"compacted by others meanwhile, and left as they were: {', '.join(overtaken)}")
        raise typer.Exit(1)


def _check(wanted: Iterable[tuple[Indexes, list[str]]], as_json: bool) -> None:
    found = {indexes.title: check_index(indexes, names) for indexes, names in wanted}
    if as_json:
        output.show_json({title: asdict(item) for title, item in found.items()})
    else:
        rows = [(title, item.rows, len(item.missing), len(item.different)) for title, item in found.items()]
        output.show_table("Indexes", ("index", "rows", "missing in searches", "shown wrong"), rows, empty="")
    if not all(item.ok for item in found.values()):
        raise typer.Exit(1)


def _of_experiment(store: Client, experiment: str) -> list[tuple[Indexes, str]]:
    name = find(store, experiment).experiment_id
    return [(store.run_index, name), (store.logged_model_index, name)]
