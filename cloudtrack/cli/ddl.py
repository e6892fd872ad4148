"""``cloudtrack ddl``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cloudtrack import config
from cloudtrack.cli import output
from cloudtrack.cli.experiments import find
from cloudtrack.cli.state import store_client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.lakehouse.ddl import for_athena, for_duckdb, for_spark
from cloudtrack.lakehouse.ddl.layout import read_layout


class Engine(StrEnum):
    """What reads the files."""

    ATHENA = "athena"
    SPARK = "spark"
    DUCKDB = "duckdb"


_DEFINITIONS = {
    Engine.ATHENA: for_athena.definitions,
    Engine.SPARK: for_spark.definitions,
    Engine.DUCKDB: for_duckdb.definitions,
}


def ddl(
    engine: Annotated[Engine, typer.Argument(help="Whose SQL it is to be.")],
    experiment: Annotated[str, typer.Option("--experiment", "-e", help="Name or id; all experiments by default.")] = "",
) -> None:
    """Print table definitions over the store's Parquet files, for an engine that reads them where they are."""
    store = store_client()
    found = [find(store, experiment)] if experiment else store.experiments.search(view_type=ViewType.ALL)
    ids = [item.experiment_id for item in found]
    layout = read_layout(store.store, ids, config.cache_dir(), one=bool(experiment))
    output.say(_DEFINITIONS[engine](layout).rstrip())
