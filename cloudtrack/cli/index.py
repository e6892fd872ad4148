"""``cloudtrack compact`` and ``cloudtrack reindex``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.experiments import find
from cloudtrack.cli.state import store_client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.maintenance.reindexing import Reindexer
from cloudtrack.tracking.run_documents import RunDocuments

Experiment = Annotated[
    str, typer.Option("--experiment", "-e", help="Name or id; all experiments, also deleted ones, by default.")
]


def compact(experiment: Experiment = "", as_json: output.JsonOption = False) -> None:
    """Fold what has changed into the index, so that searches read little. Safe at any time, by many at once."""
    store = store_client()
    found = [find(store, experiment)] if experiment else store.experiments.search(view_type=ViewType.ALL)
    done = {item.experiment_id: store.run_index.compact(item.experiment_id) for item in found}
    if as_json:
        output.show_json({name: asdict(compaction) for name, compaction in done.items()})
        return
    rows = [(name, item.folded, item.waiting, item.merged) for name, item in done.items()]
    output.show_table("Compacted", ("experiment", "folded", "not ended", "parts merged"), rows, empty="no experiments")


def reindex(
    experiment: Experiment = "",
    check: Annotated[bool, typer.Option("--check", help="Change nothing: compare the index with every run.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Make the index anew from the runs, all of which are read; or check it."""
    store = store_client()
    reindexer = Reindexer(store.store, RunDocuments(store.store), store.run_index)
    if check:
        _check(reindexer, as_json)
        return
    done = reindexer.rebuild(find(store, experiment).experiment_id if experiment else "")
    if as_json:
        output.show_json(asdict(done))
    else:
        ended, running = sum(done.runs.values()), sum(done.running.values())
        output.say(f"indexed {ended} runs anew; {running} have not ended and are read by each search")
    if done.overtaken:
        output.complain(f"compacted by others meanwhile, and left as they were: {', '.join(done.overtaken)}")
        raise typer.Exit(1)


def _check(reindexer: Reindexer, as_json: bool) -> None:
    found = reindexer.check()
    if as_json:
        output.show_json(asdict(found))
    else:
        output.say(f"{found.runs} runs: {len(found.missing)} missing in searches, {len(found.different)} shown wrong")
    if not found.ok:
        raise typer.Exit(1)
