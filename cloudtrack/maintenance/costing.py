"""``cloudtrack cost``: how many bytes and objects each experiment has, the registry, the indexes; from one listing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from cloudtrack.entities.experiment import LifecycleStage, ViewType
from cloudtrack.errors import NotFound
from cloudtrack.maintenance.owners import owned
from cloudtrack.registry import keys as registry_keys
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.experiment_index import ExperimentIndex, experiment_question
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.run_index import RunIndex, run_question

UNKNOWN = ""
"""The experiment of what has no document."""


@dataclass
class Usage:
    """Objects, and their bytes."""

    objects: int = 0
    size_bytes: int = 0

    def add(self, other: Usage) -> None:
        """Count these too."""
        self.objects += other.objects
        self.size_bytes += other.size_bytes


@dataclass
class ExperimentUsage:
    """What an experiment has, by what it is: runs, artifacts, logs, logged models, index."""

    experiment_id: str
    name: str
    parts: dict[str, Usage] = field(default_factory=dict)

    @property
    def total(self) -> Usage:
        """All of it."""
        return total_of(self.parts)


@dataclass
class Cost:
    """Where the bytes of a store are."""

    experiments: list[ExperimentUsage] = field(default_factory=list)
    """The largest first; those of runs without a document have no id."""
    others: dict[str, Usage] = field(default_factory=dict)
    """Registry, kept files, indexes, and all else."""
    trash: Usage = field(default_factory=Usage)
    """What emptying the trash frees: it is counted among the experiments too. What versions need of it would stay."""

    @property
    def total(self) -> Usage:
        """The whole store."""
        return total_of({**self.others, **{each.experiment_id: each.total for each in self.experiments}})

    def as_dict(self) -> dict[str, object]:
        """For programs."""
        experiments = [{**asdict(each), "total": asdict(each.total)} for each in self.experiments]
        return {**asdict(self), "experiments": experiments, "total": asdict(self.total)}


def total_of(parts: Mapping[str, Usage]) -> Usage:
    """The sum."""
    total = Usage()
    for part in parts.values():
        total.add(part)
    return total


class Costs:
    """What one store has. In memory are a few numbers for each run and logged model."""

    def __init__(
        self, store: ObjectStore, experiments: ExperimentIndex, runs: RunIndex, logged_models: LoggedModelIndex
    ) -> None:
        self._store = store
        self._experiments = experiments
        self._runs = runs
        self._logged_models = logged_models

    def read(self) -> Cost:
        """Count everything: a request for each thousand objects, and a few for each experiment's indexes.

        A document is read where the indexes do not know it: of a tombstone, of what was created meanwhile.
        """
        usages: dict[str, dict[str, Usage]] = {}
        cost = Cost()
        for owner, infos in owned(self._store):
            for info in infos:
                place, part = _part_of(owner, info)
                parts = usages.setdefault(place, {}) if place else cost.others
                parts.setdefault(part, Usage()).add(Usage(1, info.size_bytes))
        question = experiment_question(None, None, ViewType.ALL)
        names: dict[str, str] = {}
        of_owner: dict[str, str] = {}
        trash: set[str] = set()
        for experiment in self._experiments.page(question, None, None, shows=None):
            its_id = experiment.experiment_id
            names[its_id] = experiment.name
            is_dead = experiment.lifecycle_stage == LifecycleStage.DELETED
            of_owner[f"{keys.EXPERIMENTS}{its_id}/"] = its_id
            dead_runs: set[str] = set()
            for run in self._runs.page([its_id], run_question(None, None, ViewType.ALL), None, None):
                of_owner[f"{keys.RUNS}{run.run_id}/"] = its_id
                if is_dead or run.lifecycle_stage == LifecycleStage.DELETED:
                    dead_runs.add(run.run_id)
                    trash.add(f"{keys.RUNS}{run.run_id}/")
            for run_id, models in self._logged_models.by_run(its_id).items():
                for model_id in models:
                    of_owner[f"{keys.LOGGED_MODELS}{model_id}/"] = its_id
                    if is_dead or run_id in dead_runs:
                        trash.add(f"{keys.LOGGED_MODELS}{model_id}/")
            if is_dead:
                trash.add(f"{keys.EXPERIMENTS}{its_id}/")
        of_owner.update(self._read(usages.keys() - of_owner.keys()))
        by_experiment: dict[str, ExperimentUsage] = {}
        for owner, parts in usages.items():
            its_id = of_owner[owner]
            usage = by_experiment.setdefault(its_id, ExperimentUsage(its_id, names.get(its_id, "")))
            for part, size in parts.items():
                usage.parts.setdefault(part, Usage()).add(size)
                if owner in trash and part != "documents":
                    cost.trash.add(size)
        cost.experiments = sorted(by_experiment.values(), key=lambda each: (-each.total.size_bytes, each.experiment_id))
        return cost

    def _read(self, owners: set[str]) -> dict[str, str]:
        """The experiments of runs and logged models that no index knows."""

        def experiment(owner: str) -> str:
            place, its_id, _ = owner.split("/")
            if place == "experiments":
                return its_id
            index = self._runs if place == "runs" else self._logged_models
            try:
                found = index.read(its_id)
            except NotFound:
                found = None
            return found[0] if found is not None else UNKNOWN

        listed = sorted(owners)
        return dict(zip(listed, map_in_order(experiment, listed), strict=True))


def _part_of(owner: str, info: ObjectInfo) -> tuple[str, str]:
    """What an object is part of: an experiment by the owner of the object, or nothing; and what it is there."""
    rest = info.key.removeprefix(owner)
    if owner.startswith(keys.RUNS):
        place = rest.partition("/")[0]
        parts = {
            "artifacts": "artifacts",
            "logs": "logs",
            "metrics": "metrics",
            "source": "source",
            "run.json": "documents",
        }
        return owner, parts.get(place, "others")
    if owner.startswith(keys.LOGGED_MODELS):
        return owner, "documents" if rest == "model.json" else "logged models"
    if owner.startswith(keys.EXPERIMENTS) and owner.endswith("/"):
        return owner, "documents" if rest == "experiment.json" else "index"
    if owner.startswith(registry_keys.KEPT_FILES):
        return "", "kept files"
    if owner.startswith((registry_keys.MODELS, registry_keys.RELEASES)):
        return "", "registry"
    return "", "indexes" if owner.startswith("index/") else "others"
