"""Where things come from and what became of them, as nodes and edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

MOST_NEIGHBOURS = 100
"""Of each kind: children of a run, models and datasets of a run, versions of a run or a model."""
MOST_EXPERIMENTS = 50
"""In so many the runs are looked for that used a model: the model's own, and those that are newest."""

Link = dict[str, str]


@dataclass(frozen=True, slots=True)
class Node:
    """A thing: its kind is dataset, run, model, version, stage or alias. ``link`` has the parts of its address."""

    id: str
    kind: str
    label: str
    link: Link = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """From what was first to what came of it."""

    source: str
    target: str
    kind: str
    """read, made, registered, holds, or child."""


@dataclass
class Graph:
    """Nodes by id, and edges between them, each once."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    truncated: bool = False
    """Whether neighbours are left out."""

    def add(self, node: Node) -> str:
        """The id of a node, which is in the graph afterwards."""
        return self.nodes.setdefault(node.id, node).id

    def join(self, source: str, target: str, kind: str) -> None:
        """An edge."""
        self.edges[Edge(source, target, kind)] = None

    def first(self, items: list[Any]) -> list[Any]:
        """As many as are shown."""
        self.truncated |= len(items) > MOST_NEIGHBOURS
        return items[:MOST_NEIGHBOURS]


class _Services(Protocol):
    @property
    def experiments(self) -> Any: ...

    @property
    def runs(self) -> Any: ...

    @property
    def logged_models(self) -> Any: ...

    @property
    def model_versions(self) -> Any: ...


@dataclass(frozen=True)
class Graphs:
    """The graphs of one store, of what the asker may know of."""

    client: _Services
    may_read_run: Callable[[str], bool]
    may_read_logged_model: Callable[[str], bool]
    may_read_model: Callable[[str], bool]
    may_read_experiment: Callable[[str], bool]

    def of_version(self, name: str, number: int | str) -> Graph:
        """Back to the model, the run and its datasets, in five reads; forth to the runs that used the model.

        Raises NotFound.
        """
        graph = Graph()
        version = self.client.model_versions.get(name, number)
        self._add_version(graph, version)
        run = self._run(version.run_id) if version.run_id else None
        if run is not None:
            self._add_run(graph, run)
        model = self._model(version.model_id) if version.model_id else None
        if model is not None:
            self._add_model(graph, model, [version])
            self._add_readers(graph, model)
        elif run is not None:
            graph.join(_run_id(run), _version_id(version), "registered")
        return graph

    def of_run(self, run_id: str) -> Graph:
        """Datasets, parent and children, models, versions. A read of each neighbour, and two searches."""
        graph = Graph()
        run = self.client.runs.get(run_id)
        node = self._add_run(graph, run)
        children = self.client.runs.search(
            [run.info.experiment_id],
            f"tags.`{PARENT_RUN_TAG}` = '{run.info.run_id}'",
            view_type=ViewType.ALL,
            max_results=MOST_NEIGHBOURS + 1,
        )
        for child in graph.first(list(children)):
            graph.join(node, graph.add(_run_node(child)), "child")
        versions = [one for one in self.client.model_versions.of_run(run_id) if self.may_read_model(one.name)]
        shown = graph.first(versions)
        outputs = [output.model_id for output in run.outputs.model_outputs]
        used = [use.model_id for use in run.inputs.model_inputs]
        ids = graph.first(list(dict.fromkeys([*outputs, *used])))
        models = {model.model_id: model for model in map_in_order(self._model, ids) if model is not None}
        for model in models.values():
            if model.model_id in outputs:
                self._add_model(graph, model, [one for one in shown if one.model_id == model.model_id])
            else:
                graph.join(graph.add(_model_node(model)), node, "read")
        for version in shown:
            self._add_version(graph, version)
            if version.model_id not in models:
                graph.join(node, _version_id(version), "registered")
        return graph

    def of_model(self, model_id: str) -> Graph:
        """The run and its datasets, versions, and the runs that used it. Three reads and three searches."""
        graph = Graph()
        model = self.client.logged_models.get(model_id)
        if model.source_run_id and (run := self._run(model.source_run_id)):
            self._add_run(graph, run)
        versions = [one for one in self.client.model_versions.of_model(model_id) if self.may_read_model(one.name)]
        self._add_model(graph, model, graph.first(versions))
        self._add_readers(graph, model)
        return graph

    def _add_run(self, graph: Graph, run: Run) -> str:
        """A run, what it read, and its parent."""
        node = graph.add(_run_node(run))
        for use in graph.first(run.inputs.dataset_inputs):
            dataset = Node(
                f"dataset:{use.dataset.name}:{use.dataset.digest}",
                "dataset",
                use.dataset.name,
                {"name": use.dataset.name, "digest": use.dataset.digest, "run_id": run.info.run_id},
            )
            graph.join(graph.add(dataset), node, "read")
        parent_id = run.data.tags.get(PARENT_RUN_TAG, "")
        if parent_id and (parent := self._run(parent_id)):
            graph.join(graph.add(_run_node(parent)), node, "child")
        return node

    def _add_model(self, graph: Graph, model: LoggedModel, versions: list[ModelVersion]) -> None:
        """A logged model, between its run and its versions."""
        node = graph.add(_model_node(model))
        for version in versions:
            graph.join(node, self._add_version(graph, version), "registered")
        run = f"run:{model.source_run_id}"
        if run in graph.nodes:
            graph.join(run, node, "made")

    def _add_readers(self, graph: Graph, model: LoggedModel) -> None:
        """The runs that have a logged model among their inputs; two searches."""
        newest = self.client.experiments.search(max_results=MOST_EXPERIMENTS + 1, shows=self.may_read_experiment)
        others = [one.experiment_id for one in newest if one.experiment_id != model.experiment_id]
        graph.truncated |= len(others) >= MOST_EXPERIMENTS
        ids = [model.experiment_id, *others[: MOST_EXPERIMENTS - 1]]
        for run in graph.first(self.client.runs.readers(ids, model.model_id, MOST_NEIGHBOURS + 1)):
            graph.join(_model_id(model), graph.add(_run_node(run)), "read")

    def _add_version(self, graph: Graph, version: ModelVersion) -> str:
        """A version, and the places that it holds."""
        about = {"name": version.name, "version": str(version.version)}
        node = graph.add(Node(_version_id(version), "version", f"{version.name} v{version.version}", about))
        if version.current_stage != Stage.NONE:
            stage = Node(
                f"stage:{version.name}:{version.current_stage}", "stage", version.current_stage, {"name": version.name}
            )
            graph.join(node, graph.add(stage), "holds")
        for alias in version.aliases:
            flag = Node(f"alias:{version.name}:{alias}", "alias", f"@{alias}", {"name": version.name, "alias": alias})
            graph.join(node, graph.add(flag), "holds")
        return node

    def _run(self, run_id: str) -> Run | None:
        try:
            run: Run | None = self.client.runs.get(run_id) if self.may_read_run(run_id) else None
        except (NotFound, InvalidInput):
            return None
        return run

    def _model(self, model_id: str) -> LoggedModel | None:
        try:
            model: LoggedModel | None = (
                self.client.logged_models.get(model_id) if self.may_read_logged_model(model_id) else None
            )
        except (NotFound, InvalidInput):
            return None
        return model


def _run_id(run: Run) -> str:
    return f"run:{run.info.run_id}"


def _run_node(run: Run) -> Node:
    info = run.info
    link = {"run_id": info.run_id, "experiment_id": info.experiment_id}
    return Node(_run_id(run), "run", info.run_name or info.run_id, link)


def _model_id(model: LoggedModel) -> str:
    return f"model:{model.model_id}"


def _model_node(model: LoggedModel) -> Node:
    link = {"model_id": model.model_id, "experiment_id": model.experiment_id}
    return Node(_model_id(model), "model", model.name or model.model_id, link)


def _version_id(version: ModelVersion) -> str:
    return f"version:{version.name}:{version.version}"
