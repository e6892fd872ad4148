"""Removing runs and experiments for ever, behind a server."""

from __future__ import annotations

from cloudtrack.entities.names import check_experiment_id, check_run_id
from cloudtrack.entities.purge_report import PurgeReport
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection


class RemotePurging:
    """Purges what is in the trash of a server's store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, run_id: str, *, force: bool = False) -> PurgeReport:
        """Remove a run that is in the trash for ever, with its files and the logged models that it made.

        As over a store: see ``maintenance.purging``.
        """
        content = {"run_id": check_run_id(run_id), "confirm": run_id, "force": force}
        return PurgeReport(**self._connection.call("POST", f"{OWN}/runs/purge", content)["purged"])

    def experiment(self, experiment_id: str, *, force: bool = False) -> PurgeReport:
        """Remove an experiment that is in the trash for ever, with all runs and logged models in it."""
        content = {"experiment_id": check_experiment_id(experiment_id), "confirm": experiment_id, "force": force}
        return PurgeReport(**self._connection.call("POST", f"{OWN}/experiments/purge", content)["purged"])
