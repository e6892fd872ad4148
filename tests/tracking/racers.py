"""What racing processes run; imports little, because each process imports it anew."""

from __future__ import annotations

from cloudtrack.index.cache import PartCache
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking.console import ConsoleLogs
from cloudtrack.tracking.console_writer import ConsoleWriter
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.runs import Runs


def create_experiments(url: str, name: str, times: int) -> list[str]:
    """The ids that this process saw for one name."""
    experiments = Experiments(open_store(url))
    return [experiments.get_or_create(name).experiment_id for _ in range(times)]


def log_to_one_run(url: str, run_id: str, spool: str, writer: int, points: int) -> None:
    """Log to a run that other processes log to as well."""
    from pathlib import Path

    store = open_store(url)
    cache = PartCache(store, Path(spool).parent / "cache")
    experiments = Experiments(store)
    models = LoggedModels(store, experiments, LoggedModelIndex(store, cache))
    runs = Runs(store, RunDocuments(store), experiments, RunIndex(store, cache), models, spool_dir=Path(spool))
    log = runs.open_writer(run_id)
    for step in range(points):
        log.log_metric(f"m{writer}", float(step), step)
        if step % 100 == 0:
            log.flush()
    log.log_params({f"p{writer}": writer, "shared": "same"})
    log.detach()


def print_lines(store_url: str, run_id: str, name: str, count: int) -> None:
    """Write lines to a console log."""
    writer = ConsoleWriter(ConsoleLogs(open_store(store_url)), run_id, name)
    for number in range(count):
        writer.write(b"%s line %d\n" % (name.encode(), number))
    writer.close()
