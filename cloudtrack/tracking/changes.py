"""What is logged to a run, as a value that can be merged, stored, replayed and applied."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import InvalidInput
from cloudtrack.tracking.documents import DatasetUse, ModelOutput, RejectedParam, RunDocument
from cloudtrack.tracking.model_points import ModelPoint
from cloudtrack.tracking.points import Point, fold, group
from cloudtrack.tracking.waiting_files import WaitingFile


class RunChanges(BaseModel):
    """A set of things logged to one run. Points travel beside the JSON form, as columns."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    inputs: list[DatasetUse] = []
    model_inputs: list[str] = []
    outputs: list[ModelOutput] = []
    model_points: list[ModelPoint] = []
    """For logged models; the run's document has them as points of its own."""
    artifacts: list[WaitingFile] = []
    """Files that were logged while the store was away; whoever delivers the rest brings them first."""
    run_name: str | None = None
    status: str | None = None
    end_time: int | None = None
    points: list[Point] = Field(default=[], exclude=True)

    @field_serializer("model_points", when_used="json")
    def _plain_points(self, points: list[ModelPoint]) -> list[tuple[Any, ...]]:
        """``ser_json_inf_nan`` reaches the fields of a tuple in no release of pydantic before 2.14."""
        return [point.as_plain() for point in points]

    def is_empty(self) -> bool:
        """Whether there is nothing to apply."""
        return not (
            self.points
            or self.params
            or self.tags
            or self.inputs
            or self.model_inputs
            or self.outputs
            or self.model_points
            or self.artifacts
            or self.run_name is not None
            or self.status is not None
            or self.end_time is not None
        )

    def add(self, later: RunChanges) -> None:
        """Merge what was logged after this."""
        for key, value in later.params.items():
            self.params.setdefault(key, value)
        self.tags.update(later.tags)
        self.inputs.extend(later.inputs)
        self.model_inputs.extend(later.model_inputs)
        self.outputs.extend(later.outputs)
        self.model_points.extend(later.model_points)
        self.artifacts.extend(later.artifacts)
        self.points.extend(later.points)
        self.run_name = later.run_name if later.run_name is not None else self.run_name
        if later.status is not None:
            self.status, self.end_time = later.status, later.end_time


def check_params(document: RunDocument, changes: RunChanges) -> None:
    """Raises InvalidInput where a param has another value already."""
    for key, value in changes.params.items():
        kept = document.params.get(key, value)
        if kept != value:
            raise InvalidInput(changed_param(document.run_id, key, kept, value))


def changed_param(run_id: str, key: str, kept: str, value: str) -> str:
    """The message for a param that is logged twice with different values."""
    return (
        f"param {key!r} of run {run_id} is {kept[:80]!r} already and cannot become {value[:80]!r}: "
        "params are written once; log a tag, or start another run"
    )


def apply_changes(document: RunDocument, changes: RunChanges, *, writer: str = "") -> list[RejectedParam]:
    """Apply to a draft; the params that were refused because another writer was first, which the draft records."""
    rejected = []
    for key, value in changes.params.items():
        kept = document.params.setdefault(key, value)
        if kept != value:
            rejected.append(RejectedParam(key=key, value=value, writer=writer))
    document.rejected_params.extend(rejected)
    document.tags.update(changes.tags)
    for use in changes.inputs:
        _add_input(document, use)
    document.model_inputs.extend(model for model in changes.model_inputs if model not in document.model_inputs)
    document.outputs.extend(output for output in changes.outputs if output not in document.outputs)
    if changes.run_name is not None:
        document.run_name = changes.run_name
    if changes.status is not None:
        document.status = changes.status
        document.end_time = changes.end_time if RunStatus.is_terminated(changes.status) else None
    elif changes.end_time is not None:
        document.end_time = changes.end_time
    fold(document, group(changes.points))
    return rejected


def _add_input(document: RunDocument, use: DatasetUse) -> None:
    """A dataset that the run uses for this already gets the new tags."""
    there = use.among(document.inputs)
    if there is None:
        document.inputs.append(use)
    else:
        there.tags.update(use.tags)
