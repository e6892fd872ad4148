"""Runs and experiments in the trash that may be purged: no version needs them, and nothing that stays is below them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cloudtrack.entities.experiment import LifecycleStage, ViewType
from cloudtrack.maintenance.gc_plan import Candidate, Kind
from cloudtrack.registry.origins import Origins, origins_of
from cloudtrack.storage.object_store import ObjectInfo
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.experiment_index import ExperimentIndex, experiment_question
from cloudtrack.tracking.experiments import DEFAULT_EXPERIMENT_ID
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.run_index import PARENT_RUN_TAG, RunIndex, run_question

_DOCUMENTS = ("run.json", "model.json", "experiment.json")
"""What a purge leaves of a run, a logged model, an experiment: a tombstone."""


@dataclass
class Dead:
    """Something in the trash, and all that goes with it; sizes are filled in from a listing."""

    kind: Kind
    id: str
    document: str
    """Its key."""
    ids: set[str]
    """Its runs and logged models: what a version may have come from."""
    owners: set[str]
    """Prefixes of all that is removed."""
    children: set[str] = field(default_factory=set)
    held_by: str = ""
    """Why it would not be purged."""
    info: ObjectInfo | None = None
    """Of its document."""
    size_bytes: int = 0
    objects: int = 0

    def candidate(self) -> Candidate | None:
        """What is noted; None where it is not there any more."""
        if self.info is None:
            return None
        return Candidate(
            kind=self.kind,
            key=self.document,
            size_bytes=self.size_bytes,
            objects=self.objects,
            modified_ms=self.info.modified_ms,
            etag=self.info.etag,
        )


class Trash:
    """The trash of one store."""

    def __init__(
        self, origins: Origins, experiments: ExperimentIndex, runs: RunIndex, logged_models: LoggedModelIndex
    ) -> None:
        self._origins = origins
        self._experiments = experiments
        self._runs = runs
        self._logged_models = logged_models

    def find(self) -> list[Dead]:
        """What is in the trash, from the indexes; runs that went with their experiment are part of it."""
        question, every_run = experiment_question(None, None, ViewType.ALL), run_question(None, None, ViewType.ALL)
        found: list[Dead] = []
        for experiment in self._experiments.page(question, None, None, shows=None):
            runs = self._runs.page([experiment.experiment_id], every_run, None, None)
            is_dead = experiment.lifecycle_stage == LifecycleStage.DELETED
            if not is_dead and all(run.lifecycle_stage != LifecycleStage.DELETED for run in runs):
                continue
            models = self._logged_models.by_run(experiment.experiment_id)
            if is_dead and experiment.experiment_id != DEFAULT_EXPERIMENT_ID:
                found.append(_dead_experiment(experiment.experiment_id, runs, models))
            found += (
                _dead_run(run, runs, models)
                for run in runs
                if run.lifecycle_stage == LifecycleStage.DELETED and not run.deleted_with_experiment
            )
        return found

    def hold(self, dead: list[Dead]) -> None:
        """Note of each why it would not be purged, were the others."""
        ids = {its_id for each in dead for its_id in each.ids}
        versions = self._origins.versions_of(ids) if ids else []
        needed = {
            its_id: f"{version.name}/{version.version}"
            for version in versions
            for its_id in origins_of(version.source, version.run_id, version.model_id)
        }
        for each in dead:
            if needing := sorted({needed[its_id] for its_id in each.ids & needed.keys()}):
                each.held_by = f"version {needing[0]} of a registered model came from it"
        going: set[str] = set()
        while True:
            before, going = going, {its_id for each in dead if not each.held_by for its_id in each.ids}
            for each in dead:
                if not each.held_by and (staying := sorted(each.children - going)):
                    each.held_by = f"its child run {staying[0]} stays"
            if before == going:
                return


def measure(dead: Iterable[Dead]) -> dict[str, list[Dead]]:
    """What each owner is part of, for ``add``."""
    found: dict[str, list[Dead]] = {}
    for each in dead:
        for owner in each.owners:
            found.setdefault(owner, []).append(each)
    return found


def add(measured: dict[str, list[Dead]], owner: str, infos: list[ObjectInfo]) -> None:
    """Count the objects of one owner."""
    for each in measured.get(owner, ()):
        for info in infos:
            if info.key == each.document:
                each.info = info
            if info.key.removeprefix(owner) not in _DOCUMENTS:
                each.objects += 1
                each.size_bytes += info.size_bytes


def _dead_run(run: RunDocument, runs: list[RunDocument], models: dict[str, list[str]]) -> Dead:
    own = models.get(run.run_id, [])
    children = {other.run_id for other in runs if other.tags.get(PARENT_RUN_TAG) == run.run_id}
    owners = {_folder(keys.run(run.run_id)), *(_folder(keys.logged_model(model)) for model in own)}
    return Dead(Kind.RUN, run.run_id, keys.run(run.run_id), {run.run_id, *own}, owners, children)


def _dead_experiment(experiment_id: str, runs: list[RunDocument], models: dict[str, list[str]]) -> Dead:
    run_ids = {run.run_id for run in runs if run.lifecycle_stage != LifecycleStage.PURGED}
    model_ids = {model for some in models.values() for model in some}
    document = keys.experiment(experiment_id)
    folders = [document, *map(keys.run, run_ids), *map(keys.logged_model, model_ids)]
    dead = Dead(Kind.EXPERIMENT, experiment_id, document, run_ids | model_ids, {_folder(key) for key in folders})
    if active := sorted(run.run_id for run in runs if run.lifecycle_stage == LifecycleStage.ACTIVE):
        dead.held_by = f"its run {active[0]} is not in the trash"
    return dead


def _folder(document: str) -> str:
    return document[: document.rindex("/") + 1]


def old_enough(dead: Iterable[Dead], before_ms: int) -> Iterator[Dead]:
    """Those whose document did not change since; but a run whose experiment goes is part of that."""
    old = [each for each in dead if each.info is not None and each.info.modified_ms <= before_ms]
    whole = {owner for each in old if each.kind == Kind.EXPERIMENT for owner in each.owners}
    return (each for each in old if each.kind == Kind.EXPERIMENT or _folder(each.document) not in whole)
