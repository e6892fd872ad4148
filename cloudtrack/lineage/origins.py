"""The runs and logged models behind many versions at once, for pages that show their names and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.run import Run
from cloudtrack.errors import NotFound
from cloudtrack.storage.parallel import map_in_order

_READ_FIRST = 8
"""So many are read one by one, and say in which experiments the others may be."""

T = TypeVar("T", Run, LoggedModel)


class _Services(Protocol):
    @property
    def runs(self) -> Any: ...

    @property
    def logged_models(self) -> Any: ...


@dataclass(frozen=True)
class Origins:
    """What was found, by id."""

    runs: dict[str, Run] = field(default_factory=dict)
    models: dict[str, LoggedModel] = field(default_factory=dict)

    def run(self, version: ModelVersion) -> Run | None:
        """The run of a version."""
        return self.runs.get(version.run_id or "")

    def metrics(self, version: ModelVersion) -> dict[str, float]:
        """Last values: of the logged model where it has them, or else of the run, as policies judge them."""
        run, model = self.run(version), self.models.get(version.model_id or "")
        points = sorted(model.metrics, key=lambda point: (point.step, point.timestamp)) if model else []
        return {**(run.data.metrics if run else {}), **{point.key: point.value for point in points}}


def origins_of(
    client: _Services, versions: Iterable[ModelVersion], *, shows_experiment: Callable[[str], bool]
) -> Origins:
    """The runs and logged models of versions, those of experiments that the asker may know of.

    Whatever the number of versions: 8 reads of runs and a search in the experiments of these; the same for logged
    models. What is in none of these experiments is read one by one.
    """
    listed = list(versions)
    run_ids = list(dict.fromkeys(version.run_id for version in listed if version.run_id))
    model_ids = list(dict.fromkeys(version.model_id for version in listed if version.model_id))

    def search_runs(experiments: list[str], wanted: str) -> Iterable[Run]:
        found: Iterable[Run] = client.runs.search(
            experiments, f"run_id IN ({wanted})", view_type=ViewType.ALL, max_results=len(run_ids)
        )
        return found

    def search_models(experiments: list[str], wanted: str) -> Iterable[LoggedModel]:
        found: Iterable[LoggedModel] = client.logged_models.search(
            experiments, f"model_id IN ({wanted})", max_results=None
        )
        return found

    runs = _find(run_ids, client.runs.get, search_runs, _run_place)
    models = _find(model_ids, client.logged_models.get, search_models, _model_place)
    return Origins(
        {run_id: run for run_id, run in runs.items() if shows_experiment(run.info.experiment_id)},
        {model_id: model for model_id, model in models.items() if shows_experiment(model.experiment_id)},
    )


def _find(
    ids: list[str],
    get: Callable[[str], T],
    search: Callable[[list[str], str], Iterable[T]],
    place: Callable[[T], tuple[str, str]],
) -> dict[str, T]:
    """By id; ``place`` gives the experiment and the id of what was found."""

    def read(each: str) -> T | None:
        try:
            return get(each)
        except NotFound:
            return None

    def read_all(some: list[str]) -> dict[str, T]:
        return {each: one for each, one in zip(some, map_in_order(read, some), strict=True) if one is not None}

    found = read_all(ids[:_READ_FIRST])
    others = ids[_READ_FIRST:]
    experiments = sorted({place(one)[0] for one in found.values()})
    if others and experiments:
        wanted = ", ".join(f"'{each}'" for each in others)
        found |= {place(one)[1]: one for one in search(experiments, wanted)}
    return found | read_all([each for each in others if each not in found])


def _run_place(run: Run) -> tuple[str, str]:
    return run.info.experiment_id, run.info.run_id


def _model_place(model: LoggedModel) -> tuple[str, str]:
    return model.experiment_id, model.model_id
