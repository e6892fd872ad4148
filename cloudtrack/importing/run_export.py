"""Fills a run of a server with what a run here has, and marks it when it is whole.

A run without the mark was cut off: of its points those are sent that are not there, and all else once more.
"""

from __future__ import annotations

import math
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Any

from cloudtrack.client import Client
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.run import Metric, Run
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound, StateError
from cloudtrack.importing.export_report import Ledger
from cloudtrack.importing.mlflow_answers import Json, mapping, mappings, texts
from cloudtrack.importing.mlflow_target import COMPLETE_TAG, OWN_TAGS, RUN_TAG, MlflowTarget, tag_list
from cloudtrack.importing.new_ids import NewIds
from cloudtrack.tracking.artifacts import Artifacts

_AT_ONCE = {"params": 100, "tags": 100, "metrics": 800}
"""A server takes a thousand in all."""
_HISTORY_PAGE = 25_000
_Mark = tuple[str, int, int, str]


class RunExport:
    """The runs of one store, and those of one server."""

    def __init__(self, client: Client, target: MlflowTarget, ids: NewIds, ledger: Ledger, *, files: bool) -> None:
        """``files`` says whether artifacts go along."""
        self._client = client
        self._target = target
        self._ids = ids
        self._ledger = ledger
        self._files = files
        self._new: dict[str, Json] = {}
        self._inputs_at_once = threading.Lock()  # of two runs with one new dataset MLflow's database refuses one
        self.whole: set[str] = set()
        """Ids of those that were filled without a failure."""
        self._of_models: dict[str, list[tuple[str, Metric]]] = {}

    def create(self, run: Run, experiment_id: str) -> None:
        """Make the run, empty, under an id of the server's."""
        info = run.info
        tags = tag_list({RUN_TAG: info.run_id})
        wanted: Json = {"experiment_id": experiment_id, "user_id": info.user_id, "tags": tags}
        if info.start_time is not None:
            wanted["start_time"] = info.start_time
        if info.run_name:
            wanted["run_name"] = info.run_name
        made = mapping(self._target.create("runs/create", wanted).get("run"))
        self._new[info.run_id] = made
        self._ids.add(info.run_id, str(mapping(made.get("info")).get("run_id")))

    def expect(self, model: LoggedModel) -> None:
        """Points of a logged model go along with those of their runs."""
        for metric in model.metrics:
            self._of_models.setdefault(metric.run_id or "", []).append((model.model_id, metric))

    def fill(self, run: Run) -> None:
        """Send everything. Raises CloudtrackError."""
        run_id, what = self._ids.get(run.info.run_id), f"run {run.info.run_id}"
        there = self._new.pop(run.info.run_id, None)
        marks: Counter[_Mark] = Counter()
        if there is None:
            there = mapping(self._target.get("runs/get", run_id=run_id).get("run"))
            marks = self._marks(run_id, there)
        is_whole = True
        for batch in self._batches(run, marks):
            is_whole &= self._log(what, run_id, batch)
        is_whole &= self._inputs(run, run_id, there)
        if self._files:
            uri = str(mapping(there.get("info")).get("artifact_uri", ""))
            is_whole &= send_files(self._target, self._ledger, self._client.artifacts, run.info.run_id, uri, what)
        ended = {"end_time": run.info.end_time} if run.info.end_time is not None else {}
        self._target.set("runs/update", {"run_id": run_id, "status": run.info.status, **ended})
        if is_whole:
            self._target.set("runs/set-tag", {"run_id": run_id, "key": COMPLETE_TAG, "value": "complete"})
            self.whole.add(run.info.run_id)

    def _batches(self, run: Run, there: Counter[_Mark]) -> Iterator[dict[str, list[Json]]]:
        """Params, tags and points that are not there, as many as a server takes at once."""
        parts: dict[str, Iterator[Json]] = {
            "params": iter(tag_list(run.data.params)),
            "tags": iter(tag_list(self._ids.tags(run.data.tags, without=OWN_TAGS))),
            "metrics": (entry for entry in self._entries(run) if not _take(there, entry)),
        }
        while batch := {kind: some for kind, left in parts.items() if (some := [*islice(left, _AT_ONCE[kind])])}:
            yield batch

    def _log(self, what: str, run_id: str, batch: dict[str, list[Json]]) -> bool:
        """Send a batch; where the server refuses it, each thing alone, so that it is known which is wrong."""
        each = [(kind, item) for kind, items in batch.items() for item in items]
        wanted = {"run_id": run_id, **batch}
        if len(each) == 1:
            kind, item = each[0]
            send = partial(self._target.create, "runs/log-batch", wanted)
            is_sent = self._ledger.attempt(kind, f"{what}: {item['key'][:80]}", send)
        else:
            try:
                self._target.create("runs/log-batch", wanted)
            except (InvalidInput, NotFound, StateError, AlreadyExists):
                return sum(not self._log(what, run_id, {kind: [item]}) for kind, item in each) == 0
            is_sent = True
        if is_sent and "metrics" in batch:
            self._ledger.add("points", written=len(batch["metrics"]))
        return is_sent

    def _entries(self, run: Run) -> Iterator[Json]:
        """Points as requests have them; each that is a logged model's too says so."""
        of_models: dict[_Mark, list[Json]] = {}
        for model_id, metric in self._of_models.get(run.info.run_id, ()):
            if there := self._ids.get(model_id):
                about = {
                    "model_id": there,
                    "dataset_name": metric.dataset_name,
                    "dataset_digest": metric.dataset_digest,
                }
                named = {key: value for key, value in about.items() if value}
                of_models.setdefault(_mark(asdict(metric)), []).append(named)
        for key in run.data.metrics:
            for point in self._client.metrics.history(run.info.run_id, key):
                plain = {"key": key, "value": point.value, "timestamp": point.timestamp, "step": point.step}
                models = of_models.pop(_mark(plain), None) or [{}]  # more than one where models share a point
                yield from ({**plain, **named} for named in models)

    def _marks(self, run_id: str, there: Json) -> Counter[_Mark]:
        """The points that the server has of a run."""
        found: Counter[_Mark] = Counter()
        for metric in mappings(mapping(there.get("data")).get("metrics")):
            wanted = {"run_id": run_id, "metric_key": metric.get("key"), "max_results": _HISTORY_PAGE}
            for point in self._target.search("metrics/get-history", "metrics", wanted, "GET"):
                found[_mark(point)] += 1
        return found

    def _inputs(self, run: Run, run_id: str, there: Json) -> bool:
        inputs, outputs = mapping(there.get("inputs")), mapping(there.get("outputs"))
        used = [mapping(use.get("dataset")) for use in mappings(inputs.get("dataset_inputs"))]
        known = {(each.get("name"), each.get("digest")) for each in used}
        datasets = [
            {"dataset": {k: v for k, v in asdict(use.dataset).items() if v}, "tags": [asdict(tag) for tag in use.tags]}
            for use in run.inputs.dataset_inputs
            if (use.dataset.name, use.dataset.digest) not in known
        ]
        read = self._models([each.model_id for each in run.inputs.model_inputs], inputs.get("model_inputs"))
        made = self._models([each.model_id for each in run.outputs.model_outputs], outputs.get("model_outputs"))
        steps = {self._ids.get(each.model_id): each.step for each in run.outputs.model_outputs}
        name, whole = f"run {run.info.run_id}", True
        named = {each.model_id for each in run.inputs.model_inputs}
        named |= {each.model_id for each in run.outputs.model_outputs}
        gone = sum(1 for each in named if not self._ids.get(each))
        self._ledger.omissions.add("uses of models", name, "the logged model is not at the server", count=gone)
        if datasets or read:
            wanted = {"run_id": run_id, "datasets": datasets, "models": [{"model_id": each} for each in read]}
            wanted = {key: value for key, value in wanted.items() if value}
            with self._inputs_at_once:
                whole &= self._ledger.attempt("inputs", name, lambda: self._target.create("runs/log-inputs", wanted))
        if made:
            models = [{"model_id": each, "step": steps[each]} for each in made]
            what = {"run_id": run_id, "models": models}
            whole &= self._ledger.attempt("outputs", name, lambda: self._target.create("runs/outputs", what))
        return whole

    def _models(self, here: list[str], there: Any) -> list[str]:
        """The server's ids of models that it does not know of; those are left out that it has none of."""
        known = {each.get("model_id") for each in mappings(there)}
        return [found for each in here if (found := self._ids.get(each)) and found not in known]


def send_files(target: MlflowTarget, ledger: Ledger, artifacts: Artifacts, owner_id: str, uri: str, name: str) -> bool:
    """Send the files of a run or of a logged model; whether all of them could be."""
    whole = True
    for file in artifacts.walk(owner_id):
        read = partial(artifacts.open, owner_id, file.path)
        put = partial(target.put_file, uri, file.path, read, file.file_size or 0)
        sent = ledger.attempt("artifacts", f"{name}: {file.path}", put)
        whole &= sent
        ledger.add("artifacts", written=int(sent), found=1)
    return whole


def complete_tags(tags: Any) -> tuple[dict[str, str], bool]:
    """Tags of an answer, and whether they say that all is there."""
    found = texts(tags)
    return found, COMPLETE_TAG in found


def _mark(point: Json) -> _Mark:
    """What makes a point that point. MLflow's databases keep the largest float for an infinity."""
    value = float(point.get("value") or 0)
    if math.isinf(value):
        value = math.copysign(sys.float_info.max, value)
    return str(point.get("key")), int(point.get("step") or 0), int(point.get("timestamp") or 0), repr(value)


def _take(there: Counter[_Mark], entry: Json) -> bool:
    """Whether the point is there; each of the server's stands for one."""
    mark = _mark(entry)
    if there[mark] <= 0:
        return False
    there[mark] -= 1
    return True
