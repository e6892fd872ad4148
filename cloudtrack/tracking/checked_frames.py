"""Frames that somebody else wrote, read as if an enemy had: names, texts and numbers are those that may be logged.

Files that wait, and points of logged models, are left out: they do not come to a run by its frames.
"""

from __future__ import annotations

from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.names import (
    check_key_name,
    check_logged_model_id,
    check_value,
    metric_step,
    timestamp_ms,
)
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.documents import DatasetUse, ModelOutput
from cloudtrack.tracking.frames import Frame, parse_frame
from cloudtrack.tracking.runs import dataset_use


def checked_frame(head: bytes, columns: bytes, *, after: int) -> Frame:
    """The frame in a record, of known fields only, its number greater than ``after``. Raises InvalidInput."""
    try:
        frame = parse_frame(head, columns)
    except CorruptData as error:
        raise InvalidInput(error.message) from error
    if not after < frame.seq < 2**53:
        raise InvalidInput(f"the frames are numbered {after}, {frame.seq}: each number must be greater than the last")
    return Frame.model_construct(seq=frame.seq, changes=_checked(frame.changes))


def _checked(changes: RunChanges) -> RunChanges:
    """The changes, of known fields only. Raises InvalidInput."""
    for key in {point[0] for point in changes.points}:
        check_key_name("metric", key)
    for point in changes.points:
        if point[3] < 0:
            timestamp_ms(point[3])  # says why not
    if changes.status is not None and changes.status not in RunStatus.NAMES:
        raise InvalidInput(f"{changes.status[:40]!r} is no run status; it is one of {', '.join(RunStatus.NAMES)}")
    checked = RunChanges(
        params=_texts("param", changes.params),
        tags=_texts("tag", changes.tags),
        inputs=[_use(item) for item in changes.inputs],
        model_inputs=[check_logged_model_id(model_id) for model_id in changes.model_inputs],
        outputs=[
            ModelOutput(model_id=check_logged_model_id(item.model_id), step=metric_step("output", item.step))
            for item in changes.outputs
        ],
        run_name=None if changes.run_name is None else check_value("tag", "run_name", changes.run_name),
        status=changes.status,
        end_time=None if changes.end_time is None else timestamp_ms(changes.end_time),
    )
    checked.points = changes.points
    return checked


def _texts(kind: str, values: dict[str, str]) -> dict[str, str]:
    return {check_key_name(kind, key): check_value(kind, key, value) for key, value in values.items()}


def _use(item: DatasetUse) -> DatasetUse:
    dataset = Dataset(item.name, item.digest, item.source_type, item.source, item.dataset_schema, item.dataset_profile)
    return dataset_use(DatasetInput(dataset, [InputTag(*pair) for pair in _texts("tag", item.tags).items()]))
