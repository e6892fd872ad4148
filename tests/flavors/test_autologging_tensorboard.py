"""Scalars that a plain loop in PyTorch writes for TensorBoard."""

from __future__ import annotations

from pathlib import Path

import pytest

import cloudtrack as ct

pytestmark = pytest.mark.flavors


def test_scalars_go_to_the_active_run_too(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard", reason="the package tensorboard is not installed")
    ct.set_tracking_uri(tmp_path / "store")
    ct.pytorch.autolog()
    try:
        with tensorboard.SummaryWriter(str(tmp_path / "board")) as writer:
            writer.add_scalar("nobodys", 1, 0)
            with ct.start_run() as run:
                for step in range(3):
                    writer.add_scalar("loss/train", 1 / (step + 1), step)
    finally:
        ct.pytorch.autolog(disable=True)
    history = ct.MlflowClient().get_metric_history(run.info.run_id, "loss/train")
    assert [(point.step, point.value) for point in history] == [(0, 1), (1, 0.5), (2, pytest.approx(1 / 3))]
    assert set(ct.get_run(run.info.run_id).data.metrics) == {"loss/train"}
    assert len(ct.MlflowClient().search_runs(["0"])) == 1
    assert list((tmp_path / "board").iterdir())
