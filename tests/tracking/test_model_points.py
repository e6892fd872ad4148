"""What a run logs to logged models arrives, however its delivery goes."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from cloudtrack.entities.run import Metric
from cloudtrack.errors import NotFound, Unavailable
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.documents import DatasetUse
from cloudtrack.tracking.frames import FRAME_BYTES, Frame, in_pieces, pack_frame, parse_frame, parse_without_points
from cloudtrack.tracking.model_points import ModelDelivery, ModelPoint, last_of_each
from cloudtrack.tracking.records import read_records
from cloudtrack.tracking.run_delivery import RunDelivery
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.runs import new_run
from tests.tracking.test_runs import Tracking

A, B = "m-" + "a" * 32, "m-" + "b" * 32


class Models:
    """Logged models that note what they are given, and may be away."""

    def __init__(self) -> None:
        self.given: list[tuple[str, list[Metric]]] = []
        self.error: Exception | None = None

    def log_metrics(self, model_id: str, metrics: Sequence[Metric]) -> None:
        if self.error is not None:
            raise self.error
        self.given.append((model_id, list(metrics)))


@pytest.fixture
def tracking(tmp_path: Path) -> Tracking:
    tracking = Tracking(MemoryStore(), tmp_path / "spool")
    tracking.experiments.create_default()
    return tracking


def _writer(tracking: Tracking, models: Models) -> RunWriter:
    delivery = RunDelivery(tracking.runs.commits, Artifacts(tracking.runs._store), ModelDelivery(models.log_metrics))
    return RunWriter(delivery, new_run("0"), is_new=True, store_url="memory://", spool_dir=tracking.spool)


def test_points_travel_in_frames_as_they_are() -> None:
    points = [ModelPoint(A, "acc", math.inf, -3, 5, "wine", "abc"), ModelPoint(B, "ü", math.nan, 2**63 - 1, 0)]
    frame = Frame(seq=1, changes=RunChanges(model_points=points, points=[("acc", 0.5, 1, 2)]))
    path = Path("record")
    path.write_bytes(pack_frame(frame))
    with path.open("rb") as stream:
        ((head, columns),) = read_records(stream)
    for read in (parse_frame(head, columns), parse_without_points(head)):
        assert read.changes.model_points[0] == points[0]
        assert read.changes.model_points[1][:2] == points[1][:2]
        assert math.isnan(read.changes.model_points[1].value)
        assert read.changes.model_points[1][3:] == points[1][3:]
    assert parse_without_points(head).changes.points == []


def test_many_points_go_in_pieces_that_each_can_be_sent() -> None:
    points = [ModelPoint(A, f"metric {number}" * 20, 0.5, number, 1, "d" * 200, "e" * 64) for number in range(5000)]
    pieces = list(in_pieces(RunChanges(model_points=points)))
    assert len(pieces) > 1
    assert [point for piece in pieces for point in piece.model_points] == points
    assert max(len(pack_frame(Frame(seq=1, changes=piece))) for piece in pieces) <= FRAME_BYTES


def test_the_last_point_of_each_metric_and_dataset_is_kept() -> None:
    points = [
        ModelPoint(A, "acc", 0.1, 2, 1),
        ModelPoint(A, "acc", 0.2, 1, 9),
        ModelPoint(A, "acc", 0.3, 2, 1),
        ModelPoint(A, "acc", 0.4, 0, 0, "wine", "abc"),
        ModelPoint(B, "acc", 0.5, 0, 0),
    ]
    assert [point.value for point in last_of_each(points)] == [0.3, 0.4, 0.5]


def test_a_delivery_is_one_commit_a_model_with_the_last_points(tracking: Tracking) -> None:
    models = Models()
    writer = _writer(tracking, models)
    use = DatasetUse(name="wine", digest="abc")
    for step in range(100):
        writer.log_model_metric([A, B], "acc", step / 100, step, 7, reads=True)
        writer.log_model_metric([A], "loss", 1 - step / 100, step, 7, dataset=use)
    writer.finish("FINISHED")
    assert max(len(metrics) for _, metrics in models.given) <= 2
    last = {(model_id, metric.key): metric for model_id, metrics in models.given for metric in metrics}
    assert last == {
        (A, "acc"): Metric("acc", 0.99, 7, 99, A, None, None, writer.run_id),
        (A, "loss"): Metric("loss", 1 - 0.99, 7, 99, A, "wine", "abc", writer.run_id),
        (B, "acc"): Metric("acc", 0.99, 7, 99, B, None, None, writer.run_id),
    }
    run = tracking.runs.get(writer.run_id)
    assert (run.data.summaries["acc"].count, run.data.summaries["loss"].count) == (100, 100)
    assert [model.model_id for model in run.inputs.model_inputs] == [A, B]
    assert [item.dataset.name for item in run.inputs.dataset_inputs] == ["wine"]


def test_models_that_are_away_get_their_points_later_and_the_run_its_own_once(tracking: Tracking) -> None:
    models = Models()
    models.error = Unavailable("the store is away")
    writer = _writer(tracking, models)
    writer.log_model_metric([A], "acc", 0.5, 1, 7)
    for _ in range(2):
        with pytest.raises(Unavailable):
            writer.flush()
    models.error = None
    writer.finish("FINISHED")
    assert models.given == [(A, [Metric("acc", 0.5, 7, 1, A, None, None, writer.run_id)])]
    assert tracking.runs.get(writer.run_id).data.summaries["acc"].count == 1
    assert list(tracking.spool.glob("*")) == []


def test_a_model_that_refuses_is_warned_of_once_and_delays_nothing(
    tracking: Tracking, caplog: pytest.LogCaptureFixture
) -> None:
    models = Models()
    models.error = NotFound("it is gone")
    writer = _writer(tracking, models)
    with caplog.at_level(logging.WARNING):
        for step in range(3):
            writer.log_model_metric([A], "acc", 0.5, step)
            writer.flush()
    assert [record.getMessage() for record in caplog.records] == [
        f"metrics of logged model {A} are kept on the run alone: it is gone"
    ]
    writer.detach()
    assert tracking.runs.get(writer.run_id).data.summaries["acc"].count == 3
