"""Writes what a source has into a store, each thing exactly once; and counts it.

The store itself says how far an import is: what is there by its id is not written again. So an import that was killed
is run again, and one that came to its end changes nothing when it is repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from pydantic import ValidationError

from cloudtrack.client import Client
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.errors import AlreadyExists, CloudtrackError, Conflict, InvalidInput, PermissionDenied, Unavailable
from cloudtrack.importing.experiment_writer import ExperimentWriter, prefixed
from cloudtrack.importing.file_copy import FileCopy
from cloudtrack.importing.foreign import (
    ForeignExperiment,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    Source,
)
from cloudtrack.importing.logged_model_writer import LoggedModelWriter
from cloudtrack.importing.omissions import Omission
from cloudtrack.importing.outcome import Outcome
from cloudtrack.importing.registry_writer import RegistryWriter
from cloudtrack.importing.run_writer import RunWriter
from cloudtrack.storage.parallel import map_in_order

Thing = TypeVar("Thing", ForeignRun, ForeignLoggedModel)
_AT_ONCE = 64
KINDS = ("experiments", "logged models", "runs", "points", "artifacts", "registered models", "versions")
_OF_STORE = (Conflict, PermissionDenied, Unavailable)
"""Errors that end an import: they are not of the thing that was being written."""

OnProgress = Callable[[str, int], None]
"""Told of a kind and of how many of it were looked at so far."""


@dataclass
class Count:
    """Of one kind: how many the source has, how many were written, how many were there already."""

    found: int = 0
    imported: int = 0
    there: int = 0


@dataclass
class ImportReport:
    """What came of an import."""

    source: str
    store: str
    is_dry: bool = False
    counts: dict[str, Count] = field(default_factory=lambda: {kind: Count() for kind in KINDS})
    omitted: list[Omission] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """How many things should have come, and did not."""
        return sum(omission.count for omission in self.omitted if omission.is_failure)

    @property
    def imported(self) -> int:
        """How many things were written."""
        return sum(count.imported for count in self.counts.values())

    def to_dictionary(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Importer:
    """Brings one source into one store."""

    def __init__(
        self,
        client: Client,
        source: Source,
        *,
        prefix: str = "",
        experiments: Sequence[str] = (),
        without_artifacts: bool = False,
        is_dry: bool = False,
        on_progress: OnProgress = lambda _kind, _count: None,
    ) -> None:
        """``experiments`` are names or ids of those that alone come, without registered models.

        ``prefix`` stands before the names of experiments and registered models. Dry, nothing is written. Raises
        InvalidInput.
        """
        if "/" in prefix or ":" in prefix:
            raise InvalidInput(f"the prefix {prefix!r} must not have '/' or ':': names of models have none")
        self._source = source
        self._prefix = prefix
        self._chosen = set(experiments)
        self._is_dry = is_dry
        self._tell = on_progress
        self._counting = threading.Lock()
        self.report = ImportReport(source.name, client.uri, is_dry)
        files = FileCopy(source.omissions, is_left_out=without_artifacts)
        self._experiments = ExperimentWriter(client.store)
        self._runs = RunWriter(client.store, files, source.omissions)
        self._logged_models = LoggedModelWriter(client.store, files, source.omissions)
        self._registry = RegistryWriter(client.store, client.user, source.omissions)

    def run(self) -> ImportReport:
        """Import. Raises AlreadyExists, naming all, where names or ids are another's; then nothing was written."""
        chosen = [(each, self._named(each)) for each in self._source.experiments() if self._is_chosen(each)]
        if self._chosen and not chosen:
            raise InvalidInput(f"{self._source.name} has no experiment called {' or '.join(sorted(self._chosen))}")
        self._check_clashes(chosen)
        for _, wanted in chosen:
            self._write("experiments", wanted.name, partial(self._experiment, wanted))
        for there, wanted in chosen:
            self._each("logged models", self._source.logged_models(there.experiment_id), wanted)
            self._each("runs", self._source.runs(there.experiment_id), wanted)
        if not self._chosen:
            for model in self._source.registered_models():
                self._write("registered models", model.name, partial(self._registered, model))
        self.report.omitted = self._source.omissions.listed()
        return self.report

    def _is_chosen(self, experiment: ForeignExperiment) -> bool:
        return not self._chosen or bool({experiment.name, experiment.experiment_id} & self._chosen)

    def _named(self, experiment: ForeignExperiment) -> ForeignExperiment:
        return prefixed(experiment, self._prefix) if self._prefix else experiment

    def _check_clashes(self, chosen: Sequence[tuple[ForeignExperiment, ForeignExperiment]]) -> None:
        clashes = [clash for _, wanted in chosen if (clash := self._clash(partial(self._experiments.clash, wanted)))]
        if not self._chosen:
            for model in self._source.registered_models():
                name = self._prefix + model.name
                if clash := self._clash(partial(self._registry.clash, model, name)):
                    clashes.append(clash)
        if clashes:
            listed = "; ".join(clashes[:10]) + ("; ..." if len(clashes) > 10 else "")
            raise AlreadyExists(
                f"{len(clashes)} things of {self._source.name} have names or ids that are taken here: {listed}. "
                "Choose a --prefix for the names, or another store"
            )

    def _clash(self, find: Callable[[], str]) -> str:
        try:
            return find()
        except InvalidInput:
            return ""  # its name cannot be: that is said when it is written

    def _each(self, kind: str, things: Iterator[Thing], owner: ForeignExperiment) -> None:
        """Many at once, of which a bounded number is known at a time."""

        def put(thing: Thing) -> None:
            self._write(kind, _id_of(thing), partial(self._put, thing, owner))

        while some := list(islice(things, _AT_ONCE)):
            map_in_order(put, some)

    def _write(self, kind: str, name: str, write: Callable[[], Outcome]) -> None:
        """Write one thing. What is wrong with it is said, and the others come all the same."""
        count = self.report.counts[kind]
        with self._counting:
            count.found += 1
            self._tell(kind, count.found)
        try:
            outcome = write()
        except _OF_STORE:
            raise
        except CloudtrackError as error:
            self._source.omissions.add(kind, name, error.message, is_failure=True)
            return
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            self._source.omissions.add(kind, name, f"{where}: {first['msg']}", is_failure=True)
            return
        with self._counting:
            count.imported += outcome is Outcome.IMPORTED
            count.there += outcome is Outcome.THERE

    def _experiment(self, wanted: ForeignExperiment) -> Outcome:
        if self._is_dry:
            return self._experiments.outlook(wanted)
        return self._experiments.put(wanted)

    def _put(self, thing: ForeignRun | ForeignLoggedModel, owner: ForeignExperiment) -> Outcome:
        if isinstance(thing, ForeignLoggedModel):
            if self._is_dry:
                return _seen(self._logged_models.find(thing.model_id, owner.experiment_id))
            outcome, files = self._logged_models.put(thing, owner.experiment_id)
            self._add("artifacts", files)
            return outcome
        if self._is_dry:
            return _seen(self._runs.find(thing.run_id, owner.experiment_id))
        is_deleted = owner.lifecycle_stage == LifecycleStage.DELETED
        outcome, points, files = self._runs.put(thing, owner.experiment_id, experiment_is_deleted=is_deleted)
        self._add("points", points)
        self._add("artifacts", files)
        return outcome

    def _registered(self, model: ForeignRegisteredModel) -> Outcome:
        outcome, imported, there = self._registry.put(model, self._prefix + model.name, is_dry=self._is_dry)
        self._add("versions", imported, there)
        return outcome

    def _add(self, kind: str, imported: int, there: int = 0) -> None:
        with self._counting:
            count = self.report.counts[kind]
            count.found += imported + there
            count.imported += imported
            count.there += there


def run_import(client: Client, source: Source, **options: Any) -> ImportReport:
    """Import a source, and close it."""
    with closing(source):
        return Importer(client, source, **options).run()


def _id_of(thing: ForeignRun | ForeignLoggedModel) -> str:
    return thing.run_id if isinstance(thing, ForeignRun) else thing.model_id


def _seen(is_there: bool) -> Outcome:
    return Outcome.THERE if is_there else Outcome.IMPORTED
