"""The services of a process that has a grant and no login: it logs one run, and reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from cloudtrack import clock
from cloudtrack.entities.experiment import Experiment
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, StateError, Unavailable
from cloudtrack.grants.grant_file import GrantFile
from cloudtrack.grants.sending import GrantDelivery, Sender
from cloudtrack.grants.slots import Slots
from cloudtrack.index.cache import PartCache
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.offline import OfflineStore
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.runs import RUN_NAME_TAG, Runs


class GrantedStore(OfflineStore):
    """Stands for the store that the grant is of: every use raises Unavailable, so that files wait for a delivery."""

    def __init__(self, grant: GrantFile) -> None:
        super().__init__(MemoryStore())
        self._grant = grant

    @property
    def url(self) -> str:
        return f"grant:{self._grant.run_id}"

    @property
    def address(self) -> str:
        return self.url

    def _refuse(self) -> NoReturn:
        raise Unavailable(
            f"this process has a grant for run {self._grant.run_id} alone, which reads nothing and changes nothing "
            "else: do this with a login at the store"
        )


class GrantedExperiments(Experiments):
    """The one experiment that the grant's run is in."""

    def __init__(self, store: GrantedStore, grant: GrantFile) -> None:
        super().__init__(store)
        self._only = Experiment(grant.experiment_id, grant.experiment_name)

    def get(self, experiment_id: str) -> Experiment:
        """The grant's, also for ``0``, which is where runs go that name none. Raises InvalidInput."""
        if experiment_id not in ("0", self._only.experiment_id):
            raise self._another(experiment_id)
        return self._only

    def get_by_name(self, name: str) -> Experiment | None:
        """Raises InvalidInput for another than the grant's."""
        return self.get_or_create(name)

    def get_or_create(self, name: str) -> Experiment:
        """Raises InvalidInput for another than the grant's."""
        if name != self._only.name:
            raise self._another(name)
        return self._only

    def _another(self, which: str) -> InvalidInput:
        return InvalidInput(
            f"the grant is for a run of the experiment {self._only.name!r}, not of {which[:80]!r}: leave "
            "set_experiment out, or ask for another grant"
        )


class GrantedRuns(Runs):
    """The grant's run. What a process knows of it is what the grant says."""

    def __init__(self, grant: GrantFile, spool_dir: Path, sender: Sender) -> None:
        store = GrantedStore(grant)
        cache, experiments = PartCache(store), GrantedExperiments(store, grant)
        super().__init__(
            store,
            RunDocuments(store),
            experiments,
            RunIndex(store, cache),
            LoggedModels(store, experiments, LoggedModelIndex(store, cache)),
            spool_dir=spool_dir,
        )
        self._grant = grant
        self._sender = sender
        self._spool_dir = spool_dir
        self._run = RunDocument(
            run_id=grant.run_id,
            experiment_id=grant.experiment_id,
            run_name=grant.run_name,
            user_id=grant.user_id,
            start_time=grant.created,
            tags={RUN_NAME_TAG: grant.run_name},
        )
        self._is_started = False

    def get(self, run_id: str) -> Run:
        """What the grant says of its run, without what was logged. Raises InvalidInput for another."""
        if run_id != self._grant.run_id:
            raise InvalidInput(f"the grant is for run {self._grant.run_id}, not for {run_id[:80]!r}")
        return self._run.to_entity("grant:", clock.now_ms())

    def start_writer(
        self,
        experiment: Experiment,
        *,
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        user_id: str = "",  # noqa: ARG002 - the user is the grant's
    ) -> tuple[Run, RunWriter]:
        """The run and its writer. Raises StateError for a second one: a grant is for one run."""
        if self._is_started or experiment.experiment_id != self._grant.experiment_id:
            raise StateError(
                f"the grant is for one run, {self._grant.run_id}, which this process has started already: ask for a "
                "grant for each run; nested runs are runs too"
            )
        writer = self.open_writer(self._grant.run_id)
        named = {RUN_NAME_TAG: run_name} if run_name else {}
        if said := {**(tags or {}), **named}:
            writer.set_tags(said)
        return self.get(self._grant.run_id), writer

    def open_writer(self, run_id: str) -> RunWriter:
        """Log to the run; another process of the same grant may have before. Raises InvalidInput for another run."""
        self.get(run_id)
        self._is_started = True
        return self._writers.open(run_id, lambda: (self.delivery(), self._run))

    def delivery(self) -> GrantDelivery:
        """How a spool reaches the slots of the grant."""
        slots = Slots(self._spool_dir, self._grant.grant_id, len(self._grant.slots))
        return GrantDelivery(self._grant, slots, self._sender)
