"""Removing runs and experiments for ever. What a version of a registered model needs is not removed.

    claim       a mark in each document: no version is registered from it any more; to restore it takes the mark off
    look        which versions came from it: all whose registration did not see the mark
    bury        under the same mark the document becomes a tombstone: readers are told that it was purged
    remove      the files; whoever is stopped here does it again

So a version and a purge of its run are never both done: a registration looks for the mark before its commit and after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import Any

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.purge_report import PurgeReport
from cloudtrack.errors import Purged, StateError
from cloudtrack.registry.origins import Origins, origins_of
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.experiments import DEFAULT_EXPERIMENT_ID
from cloudtrack.tracking.graves import EXPERIMENT, LOGGED_MODEL, RUN, Grave
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.purges import Mortal, bury, claim, finish, is_purged, name_of, withdraw
from cloudtrack.tracking.run_index import RunIndex

_MOST_NAMED = 10
AnyGrave = Grave[Any]
Claims = dict[AnyGrave, str]
"""The mark that each thing has."""


class Purging:
    """Purges what is in the trash of one store, as one user."""

    def __init__(
        self, store: ObjectStore, user: str, origins: Origins, runs: RunIndex, logged_models: LoggedModelIndex
    ) -> None:
        self._store = store
        self._user = user
        self._origins = origins
        self._runs = runs
        self._logged_models = logged_models

    def run(self, run_id: str, *, force: bool = False) -> PurgeReport:
        """Remove a run that is in the trash for ever, with its files and the logged models that it made.

        Refused while a version of a registered model came from it; with ``force`` only while one has its files there
        alone. Its id is never used again. Done again it finishes what was cut off, and removes what came late. Raises
        NotFound, StateError, and Conflict where it was restored meanwhile.
        """
        grave = Grave(self._store, RUN, run_id)
        document = grave.read()
        experiment_id = document.experiment_id
        if not is_purged(document):
            with self._claimed([grave]) as claims:
                self._check_childless(experiment_id, grave.id)
                models = {grave.id: self._logged_models.of_run(experiment_id, grave.id)}
                versions = self._versions([grave.id, *models[grave.id]], name_of(document), force=force)
            for each in claims:
                self._bury(each, claims, versions, models)
        return self._remove_run(grave, self._logged_models.of_run(experiment_id, grave.id))

    def experiment(self, experiment_id: str, *, force: bool = False) -> PurgeReport:
        """Remove an experiment that is in the trash for ever, with all runs and logged models in it.

        Refused before anything is removed where one of its runs would be (see ``run``). Its name is free then. Done
        again it finishes what was cut off. Raises NotFound, StateError, and Conflict where it, or a run in it, was
        restored meanwhile.
        """
        if experiment_id == DEFAULT_EXPERIMENT_ID:
            raise StateError("every store has the experiment 0: purge its runs, and leave it")
        grave = Grave(self._store, EXPERIMENT, experiment_id)
        document = grave.read()
        _check_in_trash(document)
        left = document.purge if is_purged(document) else None
        run_ids = {*self._runs.run_ids(grave.id), *(left.run_ids if left else ())}
        models = self._logged_models.by_run(grave.id)
        own_ids = {its_id for run_id in models.keys() - run_ids for its_id in models[run_id]}
        own_ids |= {*(left.model_ids if left else ())}
        runs = [Grave(self._store, RUN, run_id) for run_id in sorted(run_ids)]
        own = [Grave(self._store, LOGGED_MODEL, model_id) for model_id in sorted(own_ids)]
        everything = {*run_ids, *own_ids, *chain.from_iterable(models.values())}
        what = name_of(document)
        if left is None:
            self._check_all_in_trash(runs, what)
            with self._claimed([grave]) as claims, self._claimed([*runs, *own], in_trash=False) as theirs:
                versions = self._versions(everything, what, force=force)
            for each in claims:
                self._bury(each, claims, versions, {grave.id: sorted(own_ids)}, run_ids=sorted(run_ids))
        else:  # what was cut off, or came late
            with self._claimed([*runs, *own], in_trash=False) as theirs:
                versions = self._versions(everything, what, force=force)
        map_in_order(lambda each: self._bury(each, theirs, versions, models), [*theirs])
        report = PurgeReport(model_ids=[model.id for model in own])
        for run in runs:
            report = report.plus(self._remove_run(run, models.get(run.id, [])))
        objects = sum(self._remove_model(model) for model in own) + grave.clear()
        grave.change(finish)
        return report.plus(PurgeReport(objects=objects, held_by=_named(versions)))

    @contextmanager
    def _claimed(self, graves: Sequence[AnyGrave], *, in_trash: bool = True) -> Iterator[Claims]:
        """The marks of all that is not purged yet; they are taken off where what follows raises StateError."""
        claims: Claims = {}

        def mark(grave: AnyGrave) -> None:

            def change(document: Any) -> bool | None:
                if in_trash:
                    _check_in_trash(document)
                return claim(document, self._user)

            with suppress(Purged):
                claims[grave] = grave.change(change).purge.claim

        try:
            map_in_order(mark, graves)
            yield claims
        except StateError:
            map_in_order(lambda grave: grave.change(partial(withdraw, claimed=claims[grave])), [*claims])
            raise

    def _bury(
        self,
        grave: AnyGrave,
        claims: Claims,
        versions: Iterable[ModelVersion],
        models: dict[str, list[str]],
        *,
        run_ids: Sequence[str] = (),
    ) -> None:
        """Leave a tombstone, unless a rival did. Raises Conflict where the mark is not there any more."""
        its_models = models.get(grave.id, [])
        ids = {grave.id, *its_models}
        held_by = _named(version for version in versions if ids & _origins(version))
        change = partial(
            bury, claimed=claims[grave], user_id=self._user, held_by=held_by, model_ids=its_models, run_ids=run_ids
        )
        with suppress(Purged):
            grave.change(change)

    def _remove_run(self, grave: Grave[Any], models: Collection[str]) -> PurgeReport:
        purge = grave.read().purge
        model_ids = sorted({*purge.model_ids, *models})
        objects = sum(self._remove_model(Grave(self._store, LOGGED_MODEL, model_id)) for model_id in model_ids)
        objects += grave.clear()
        grave.change(finish)
        return PurgeReport([grave.id], model_ids, objects, purge.held_by)

    def _remove_model(self, grave: AnyGrave) -> int:
        """Remove a logged model that goes with a run, or is buried; how many objects."""
        with self._claimed([grave], in_trash=False) as claims:
            for each in claims:
                self._bury(each, claims, [], {})
        objects = grave.clear()
        grave.change(finish)
        return objects

    def _versions(self, ids: Collection[str], what: str, *, force: bool) -> list[ModelVersion]:
        """The versions that came from these and may stay. Raises StateError naming those that forbid the purge."""
        versions = self._origins.versions_of(ids)
        if needing := [version for version in versions if not version.kept]:
            first = needing[0]
            raise StateError(
                f"{what} is not purged, because it has the files of {_shown(needing)}: delete these versions, or have "
                f"the registry keep the files with `cloudtrack models pin {first.name} {first.version} --copy`"
            )
        if versions and not force:
            raise StateError(
                f"{what} is not purged, because {_shown(versions)} came from it: their files are kept, but params, "
                "metrics, code and data would not be known any more; delete the versions, or insist with --force"
            )
        return versions

    def _check_childless(self, experiment_id: str, run_id: str) -> None:
        if children := self._runs.children(experiment_id, run_id):
            raise StateError(f"run {run_id} has child runs: {_some(children)}; purge them first")

    def _check_all_in_trash(self, runs: Sequence[AnyGrave], what: str) -> None:
        documents: list[Mortal] = map_in_order(lambda run: run.read(), runs)
        active = [name_of(each) for each in documents if each.lifecycle_stage == LifecycleStage.ACTIVE]
        if active:
            raise StateError(f"{what} has runs that are not in the trash: {_some(active)}; delete them first")


def _check_in_trash(document: Mortal) -> None:
    if document.lifecycle_stage == LifecycleStage.ACTIVE:
        raise StateError(f"{name_of(document)} is not in the trash: delete it first")


def _origins(version: ModelVersion) -> set[str]:
    return origins_of(version.source, version.run_id, version.model_id)


def _named(versions: Iterable[ModelVersion]) -> list[str]:
    return [f"{version.name}/{version.version}" for version in versions]


def _shown(versions: Sequence[ModelVersion]) -> str:
    return _some([f"{version.name}/{version.version} ({version.current_stage})" for version in versions])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
