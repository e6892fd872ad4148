"""The two GraphQL queries that MLflow's web page needs for an experiment and for a run, by hand.

Every object is answered whole, whatever the query selects of it. A query for anything else is answered with
an error in GraphQL's way: status 200, and a list of errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.errors import api_error
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.mlflow import messages
from cloudtrack.errors import CloudtrackError, InvalidInput

ENDPOINTS = Declarations(Domain.METRICS)

Json = dict[str, Any]

_NESTED = {
    "MlflowRunExtension": {
        "info": "MlflowRunInfo",
        "data": "MlflowRunData",
        "inputs": "MlflowRunInputs",
        "outputs": "MlflowRunOutputs",
        "experiment": "MlflowExperiment",
        "model_versions": "MlflowModelVersion",
    },
    "MlflowRunData": {"metrics": "MlflowMetricExtension", "params": "MlflowParam", "tags": "MlflowRunTag"},
    "MlflowRunInputs": {"dataset_inputs": "MlflowDatasetInput", "model_inputs": "MlflowModelInput"},
    "MlflowRunOutputs": {"model_outputs": "MlflowModelOutput"},
    "MlflowDatasetInput": {"dataset": "MlflowDataset", "tags": "MlflowInputTag"},
    "MlflowExperiment": {"tags": "MlflowExperimentTag"},
    "MlflowModelVersion": {"tags": "MlflowModelVersionTag"},
}
"""From a type to the types of its fields."""
_UNSET: dict[str, Json] = {
    "MlflowRunInfo": {"end_time": 0},
    "MlflowRunData": {"metrics": [], "params": [], "tags": []},
    "MlflowRunInputs": {"dataset_inputs": [], "model_inputs": []},
    "MlflowRunOutputs": {"model_outputs": []},
    "MlflowDatasetInput": {"tags": []},
    "MlflowDataset": {"schema": "", "profile": ""},
    "MlflowExperiment": {"tags": [], "effective_trace_archival_retention": ""},
}
"""What the page finds where a field is not set."""
_OPERATIONS = {"MlflowGetExperimentQuery": "mlflowGetExperiment", "GetRun": "mlflowGetRun"}
_FIELD = re.compile(r"\b(mlflowGetExperiment|mlflowGetRun)\b")


def _from_text(variables: Any) -> Any:
    return from_json(variables) if isinstance(variables, str) else variables


class GraphqlRequest(RequestModel):
    query: str = ""
    operation_name: str = ""
    variables: Annotated[Json, BeforeValidator(_from_text)] = {}

    @property
    def field(self) -> str:
        """The one field asked for; empty where it is none of ours."""
        named = _FIELD.search(self.query)
        return named[1] if named else _OPERATIONS.get(self.operation_name, "")

    def variable(self, name: str) -> str:
        """One field of the input. Raises InvalidInput."""
        given = self.variables.get("input") or self.variables.get("data")
        value = given.get(name) if isinstance(given, dict) else None
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"the variable with {name} is missing")
        return value


@ENDPOINTS.add("GET", "/graphql", LOGIN, domain=Domain.METRICS, rooted=True)
@ENDPOINTS.add("POST", "/graphql", LOGIN, domain=Domain.METRICS, rooted=True)
def graphql(context: Context, request: GraphqlRequest) -> Json:
    """An experiment, or a run with all that its page shows."""
    answer = _FIELDS.get(request.field)
    if answer is None:
        return {"data": None, "errors": ["only the queries mlflowGetExperiment and mlflowGetRun are answered"]}
    try:
        return {"data": {request.field: answer(context, request)}, "errors": None}
    except CloudtrackError as error:
        return {"data": {request.field: None}, "errors": [api_error(error, context.client.uri).message]}


def _get_experiment(context: Context, request: GraphqlRequest) -> Json:
    experiment_id = request.variable("experimentId")
    context.check(Permission.READ, Resource.EXPERIMENT, experiment_id)
    return {
        "__typename": "MlflowGetExperimentResponse",
        "apiError": None,
        "experiment": _node("MlflowExperiment", _experiment(context, experiment_id)),
    }


def _get_run(context: Context, request: GraphqlRequest) -> Json:
    run_id = request.variable("runId")
    context.check_run(Permission.READ, run_id)
    run = context.client.runs.get(run_id)
    message = messages.run(run, context.locations)
    message["experiment"] = _experiment(context, run.info.experiment_id)
    message["model_versions"] = _versions_of(context, run_id)
    return {"__typename": "MlflowGetRunResponse", "apiError": None, "run": _node("MlflowRunExtension", message)}


_FIELDS: dict[str, Callable[[Context, GraphqlRequest], Json]] = {
    "mlflowGetExperiment": _get_experiment,
    "mlflowGetRun": _get_run,
}


def _experiment(context: Context, experiment_id: str) -> Json:
    return messages.experiment(context.client.experiments.get(experiment_id), context.locations)


def _versions_of(context: Context, run_id: str) -> list[Json]:
    """The versions that the run made, of models that the caller may read."""
    versions = context.client.model_versions.search(
        f"run_id = '{run_id}'",
        max_results=None,
        order_by=["name", "version_number"],
        shows=lambda name: context.may_read(Resource.REGISTERED_MODEL, name),
    )
    return [messages.model_version(version, context.locations) for version in versions]


def _node(type_name: str, message: Json) -> Json:
    """A message as the page reads it: camelCase, whole numbers as text, every object with its type."""
    fields = {**_UNSET.get(type_name, {}), **message}
    nested = _NESTED.get(type_name, {})
    return {"__typename": type_name, **{to_camel(name): _value(nested.get(name, ""), v) for name, v in fields.items()}}


def _value(type_name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(type_name, item) for item in value]
    if isinstance(value, dict):
        return _node(type_name, value)
    return str(value) if type(value) is int else value
