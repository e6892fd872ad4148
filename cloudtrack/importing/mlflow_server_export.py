"""Writes what a store has to a server that speaks MLflow's REST API: the way back for those who have one running.

The server gives its own ids. Tags say which thing here one there stands for, and which are there whole: so an export
that was cut off is run again, and one that came to its end adds nothing when it is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar

from cloudtrack.client import Client
from cloudtrack.entities.experiment import Experiment, LifecycleStage, ViewType
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.run import Run
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound
from cloudtrack.importing.export_report import Ledger, ServerReport
from cloudtrack.importing.importer import OnProgress
from cloudtrack.importing.logged_model_export import LoggedModelExport
from cloudtrack.importing.mlflow_answers import Json, mapping
from cloudtrack.importing.mlflow_target import EXPERIMENT_TAG, MODEL_TAG, OWN_TAGS, RUN_TAG, MlflowTarget, tag_list
from cloudtrack.importing.mlflow_values import DEFAULT_EXPERIMENT
from cloudtrack.importing.new_ids import NewIds
from cloudtrack.importing.registry_export import RegistryExport
from cloudtrack.importing.run_export import RunExport, complete_tags
from cloudtrack.importing.values import text
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.state import ModelState
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.retrying import RetryPolicy

T = TypeVar("T")
_RUNS_AT_ONCE = 500
_AT_ONCE = 64
_WRITERS = 4
"""Runs under way at a time: MLflow's server has 15 connections to its database, and refuses what waits for one."""


@dataclass
class _There:
    """An experiment of the server, and what of ours it has: by our ids whether it is whole, and deleted."""

    experiment_id: str
    is_deleted: bool = False
    runs: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    models: dict[str, bool] = field(default_factory=dict)


class MlflowServerExport:
    """One store, written to one server."""

    def __init__(
        self,
        client: Client,
        url: str,
        *,
        without_artifacts: bool = False,
        on_progress: OnProgress = lambda _kind, _count: None,
        retries: RetryPolicy | None = None,
    ) -> None:
        """Raises InvalidInput for what is no address."""
        self._client = client
        self._target = MlflowTarget(url, retries)
        self._report = ServerReport(self._target.url)
        self._ledger = Ledger(self._report, on_progress)
        self._ids = NewIds()
        self._has_models = True
        files = not without_artifacts
        self._runs = RunExport(client, self._target, self._ids, self._ledger, files=files)
        self._models = LoggedModelExport(client, self._target, self._ids, self._ledger, files=files)
        self._registry = RegistryExport(self._target, self._ids, self._ledger)

    def run(self) -> ServerReport:
        """Write all of it. Raises AlreadyExists, naming all, where names are another's there: nothing was written."""
        with closing(self._target):
            experiments = [*self._client.experiments.search(view_type=ViewType.ALL)]
            on_server = [*self._target.search("experiments/search", "experiments", _ALL)]
            self._check_clashes(experiments, on_server)
            self._has_models = self._knows_models()
            if not self._has_models:
                left = len(self._client.logged_models.list([each.experiment_id for each in experiments]))
                self._ledger.omissions.add("logged models", "", "the server has none: it is of MLflow 2", count=left)
            places = [(each, self._place(each, on_server)) for each in experiments]
            for experiment, there in places:
                self._make(experiment, there)
            for experiment, there in places:
                self._fill(experiment, there)
            for model in self._registered_models():
                self._ledger.attempt("registered models", model.name, partial(self._registry.put, model))
        self._report.omitted = self._ledger.omissions.listed()
        return self._report

    def _check_clashes(self, experiments: list[Experiment], on_server: list[Json]) -> None:
        clashes = [clash for each in experiments if (clash := _clash(each, on_server))]
        clashes += [clash for each in self._registered_models() if (clash := self._registry.clash(each))]
        if clashes:
            listed = "; ".join(clashes[:10]) + ("; ..." if len(clashes) > 10 else "")
            raise AlreadyExists(
                f"{len(clashes)} things have names that are taken at {self._target.url}: {listed}. Rename them, here "
                "or there"
            )

    def _registered_models(self) -> Iterator[ModelState]:
        for model in self._client.registered_models.search(max_results=None):
            yield Registry(self._client.store, "").read(model.name)

    def _place(self, experiment: Experiment, on_server: list[Json]) -> _There:
        """The experiment on the server, made where it is not there."""
        found = next((each for each in on_server if each.get("name") == experiment.name), None)
        tags = {**self._ids.tags(experiment.tags, without=OWN_TAGS), EXPERIMENT_TAG: experiment.experiment_id}
        if found is None:
            made = self._target.create("experiments/create", {"name": experiment.name, "tags": tag_list(tags)})
            self._ledger.add("experiments", written=1)
            return _There(text(made.get("experiment_id"), "an id"))
        its_id = text(found.get("experiment_id"), "an id")
        is_ours = EXPERIMENT_TAG in complete_tags(found.get("tags"))[0]
        for key, value in () if is_ours else tags.items():  # the Default, which every server has
            self._target.set("experiments/set-experiment-tag", {"experiment_id": its_id, "key": key, "value": value})
        self._ledger.add("experiments", written=not is_ours, there=is_ours)
        is_deleted = found.get("lifecycle_stage") == LifecycleStage.DELETED
        return _There(its_id, is_deleted, self._runs_there(its_id), self._models_there(its_id))

    def _runs_there(self, experiment_id: str) -> dict[str, tuple[bool, bool]]:
        wanted = {
            "experiment_ids": [experiment_id],
            "run_view_type": "ALL",
            "max_results": 1000,
            "filter": f"tags.`{RUN_TAG}` != ''",
        }
        found: dict[str, tuple[bool, bool]] = {}
        for each in self._target.search("runs/search", "runs", wanted):
            info = mapping(each.get("info"))
            tags, is_whole = complete_tags(mapping(each.get("data")).get("tags"))
            if is_whole or not found.get(tags[RUN_TAG], (False, False))[0]:  # two where an answer was lost
                found[tags[RUN_TAG]] = is_whole, info.get("lifecycle_stage") == LifecycleStage.DELETED
                self._ids.add(tags[RUN_TAG], text(info.get("run_id"), "a run's id"))
        return found

    def _models_there(self, experiment_id: str) -> dict[str, bool]:
        found: dict[str, bool] = {}
        wanted = {"experiment_ids": [experiment_id], "max_results": 50}
        for each in self._target.search("logged-models/search", "models", wanted) if self._has_models else ():
            info = mapping(each.get("info"))
            tags, is_whole = complete_tags(info.get("tags"))
            if its_id := tags.get(MODEL_TAG):
                found[its_id] = is_whole or found.get(its_id, False)
                self._ids.add(its_id, text(info.get("model_id"), "a logged model's id"))
        return found

    def _knows_models(self) -> bool:
        """Whether the server has logged models: that of MLflow 2 has none."""
        wanted = {"experiment_ids": [DEFAULT_EXPERIMENT], "max_results": 1}
        try:
            self._target.set("logged-models/search", wanted)
        except (NotFound, InvalidInput):
            return False
        return True

    def _logged_models(self, experiment: Experiment) -> list[LoggedModel]:
        return self._client.logged_models.list([experiment.experiment_id]) if self._has_models else []

    def _make(self, experiment: Experiment, there: _There) -> None:
        """Make runs and logged models that are not there, so that all of them have ids."""
        runs = (run for run in self._list(experiment) if run.info.run_id not in there.runs)
        for some in _pieces(runs):
            self._revive(there)
            map_in_order(
                lambda run: self._try("runs", run.info.run_id, self._runs.create, run, there), some, workers=_WRITERS
            )
        for model in self._logged_models(experiment):
            if model.model_id not in there.models:
                self._revive(there)
                self._try("logged models", model.model_id, self._models.create, model, there)
            self._runs.expect(model)

    def _try(self, kind: str, name: str, create: Callable[[T, str], None], thing: T, there: _There) -> None:
        try:
            create(thing, there.experiment_id)
        except (NotFound, InvalidInput) as error:
            self._ledger.omissions.add(kind, name, error.message[:300], is_failure=True)

    def _fill(self, experiment: Experiment, there: _There) -> None:
        """Send what is not whole; then delete what is deleted here."""
        for some in _pieces(self._list(experiment)):
            map_in_order(lambda run: self._fill_run(run, there), some, workers=_WRITERS)
        for model in self._logged_models(experiment):
            self._fill_model(model, there)
        if experiment.lifecycle_stage == LifecycleStage.DELETED and not there.is_deleted:
            self._target.set("experiments/delete", {"experiment_id": there.experiment_id})

    def _fill_run(self, run: Run, there: _There) -> None:
        run_id = run.info.run_id
        is_whole, is_deleted = there.runs.get(run_id, (False, False))
        if not is_whole and self._ids.get(run_id):
            self._revive(there)
            if is_deleted:  # by an export that could not write all of it
                self._target.set("runs/restore", {"run_id": self._ids.get(run_id)})
            is_deleted = False
            self._ledger.attempt("runs", run_id, lambda: self._runs.fill(run))
        sent = run_id in self._runs.whole
        self._ledger.add("runs", written=sent, there=is_whole, found=1)
        if (sent or is_whole) and run.info.lifecycle_stage == LifecycleStage.DELETED and not is_deleted:
            self._target.set("runs/delete", {"run_id": self._ids.get(run_id)})

    def _fill_model(self, model: LoggedModel, there: _There) -> None:
        is_whole = there.models.get(model.model_id, False)
        if not is_whole and self._ids.get(model.model_id):
            self._revive(there)
            self._ledger.attempt("logged models", model.model_id, lambda: self._models.fill(model))
        sent = model.model_id in self._models.whole
        self._ledger.add("logged models", written=sent, there=is_whole, found=1)

    def _revive(self, there: _There) -> None:
        """Nothing can be added to an experiment that is deleted: it is deleted again in the end."""
        if there.is_deleted:
            self._target.set("experiments/restore", {"experiment_id": there.experiment_id})
            there.is_deleted = False

    def _list(self, experiment: Experiment) -> Iterator[Run]:
        token: str | None = None
        while True:
            found = self._client.runs.search(
                [experiment.experiment_id], view_type=ViewType.ALL, max_results=_RUNS_AT_ONCE, page_token=token
            )
            yield from found
            token = found.token
            if not token:
                return


_ALL: Json = {"view_type": "ALL", "max_results": 1000}


def _clash(experiment: Experiment, on_server: list[Json]) -> str:
    for each in on_server:
        tag = complete_tags(each.get("tags"))[0].get(EXPERIMENT_TAG)
        if each.get("name") == experiment.name:
            is_default = (experiment.experiment_id, each.get("experiment_id")) == (DEFAULT_EXPERIMENT,) * 2
            if tag == experiment.experiment_id or (tag is None and is_default):
                return ""
            return f"experiment {experiment.name!r} is another's"
        if tag == experiment.experiment_id:
            return f"experiment {experiment.name!r} is called {str(each.get('name'))!r} there"
    return ""


def _pieces(things: Iterable[T]) -> Iterator[list[T]]:
    left = iter(things)
    while some := list(islice(left, _AT_ONCE)):
        yield some
