"""Autologging of PyTorch with Lightning, and Lightning's logger; of transformers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.autologging import patching
from cloudtrack.entities.run import Run
from tests.flavors.mlflow_arguments import assert_arguments_are_mlflows

torch = pytest.importorskip("torch", reason="the package torch is not installed")
pytestmark = pytest.mark.flavors

ROWS = torch.utils.data.TensorDataset(torch.randn(48, 4), torch.randint(0, 3, (48,)))


@pytest.fixture(autouse=True)
def _autologged(tmp_path: Path) -> Iterator[None]:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")
    yield
    ct.autolog(disable=True)
    while ct.active_run():
        ct.end_run()


def _run() -> Run:
    (run,) = ct.MlflowClient().search_runs(["0"])
    return run


def _steps(run: Run, key: str) -> list[int]:
    return [point.step for point in ct.MlflowClient().get_metric_history(run.info.run_id, key)]


def _files(run: Run, path: str | None = None) -> set[str]:
    return {file.path for file in ct.MlflowClient().list_artifacts(run.info.run_id, path)}


def _lightning() -> tuple[Any, Any]:
    """Lightning, and a small module of it."""
    pl: Any = pytest.importorskip("lightning.pytorch", reason="the package lightning is not installed")

    class Classifier(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, fails: bool = False) -> None:
            super().__init__()
            self.save_hyperparameters({"width": 3})
            self.layer = torch.nn.Linear(4, 3)
            self.fails = fails

        def forward(self, rows: Any) -> Any:
            return self.layer(rows)

        def _loss(self, batch: Any, name: str) -> Any:
            loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
            self.log(name, loss)
            return loss

        def training_step(self, batch: Any, at: int) -> Any:
            if self.fails:
                raise ZeroDivisionError("no loss")
            return self._loss(batch, "train_loss")

        def validation_step(self, batch: Any, at: int) -> Any:
            return self._loss(batch, "val_loss")

        def test_step(self, batch: Any, at: int) -> Any:
            return self._loss(batch, "test_loss")

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.02)

    return pl, Classifier


def _trainer(pl: Any, folder: Path, **options: Any) -> Any:
    return pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **{"logger": False, **options},
    )


def _loader() -> Any:
    return torch.utils.data.DataLoader(ROWS, 16)


def test_what_lightning_fits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pl, module = _lightning()
    ct.pytorch.autolog(log_every_n_step=2)
    stopping = pl.callbacks.EarlyStopping("val_loss", patience=9)
    trainer = _trainer(pl, tmp_path, callbacks=[stopping])
    before = list(trainer.callbacks)
    model = module()
    trainer.fit(model, _loader(), _loader())
    trainer.test(model, _loader(), verbose=False)  # the run has ended, and gets its metrics all the same
    run = _run()
    wanted = {
        "epochs": "2",
        "optimizer_name": "Adam",
        "lr": "0.02",
        "width": "3",
        "monitor": "val_loss",
        "patience": "9",
    }
    assert wanted.items() <= run.data.params.items()
    assert {"train_loss", "val_loss", "test_loss"} <= set(run.data.metrics)
    assert _steps(run, "val_loss") == [0, 1]
    assert {2, 4, 6} <= set(_steps(run, "train_loss"))
    assert {"model_summary.txt", "checkpoints", "model"} <= _files(run)
    assert len(_files(run, "checkpoints")) == 1
    assert trainer.callbacks == before
    loaded = ct.pytorch.load_model(f"runs:/{run.info.run_id}/model", trust=True)
    rows = ROWS[:5][0]
    assert torch.equal(loaded(rows), model.cpu()(rows))
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


def test_a_training_that_fails_fails_as_it_would_and_so_does_its_run(tmp_path: Path) -> None:
    pl, module = _lightning()
    ct.autolog()
    with pytest.raises(ZeroDivisionError, match="no loss"):
        _trainer(pl, tmp_path).fit(module(fails=True), _loader())
    assert _run().info.status == "FAILED"


def test_a_logger_for_lightning(tmp_path: Path) -> None:
    pl, module = _lightning()
    logger = ct.lightning.CloudtrackLogger(experiment_name="lightning", run_name="one", tags={"team": "blue"})
    trainer = _trainer(pl, tmp_path, logger=logger, log_every_n_steps=1, enable_checkpointing=False)
    trainer.fit(module(), _loader(), _loader())
    experiment = ct.get_experiment_by_name("lightning")
    assert experiment is not None
    (run,) = ct.MlflowClient().search_runs([experiment.experiment_id])
    ct.set_experiment("Default")
    assert (run.info.status, run.info.run_name, run.data.tags["team"]) == ("FINISHED", "one", "blue")
    assert logger.version == run.info.run_id
    assert run.data.params["width"] == "3"
    assert _steps(run, "train_loss") == list(range(6))


def test_a_logger_uses_the_active_run_and_leaves_it_active(tmp_path: Path) -> None:
    pl, module = _lightning()
    with ct.start_run() as run:
        logger = ct.lightning.CloudtrackLogger()
        _trainer(pl, tmp_path, logger=logger, enable_checkpointing=False).fit(module(), _loader(), _loader())
        assert ct.active_run() is run
    assert "val_loss" in _run().data.metrics


def _bert(tmp_path: Path, **options: Any) -> Any:
    transformers: Any = pytest.importorskip("transformers", reason="the package transformers is not installed")
    pytest.importorskip("accelerate", reason="the package accelerate is not installed")
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, num_labels=2
    )
    data = [{"input_ids": torch.tensor([1, 2, at % 50]), "labels": torch.tensor(at % 2)} for at in range(16)]
    arguments = transformers.TrainingArguments(
        str(tmp_path / "out"),
        num_train_epochs=2,
        per_device_train_batch_size=4,
        logging_steps=2,
        eval_strategy="epoch",
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
        report_to=[],
    )
    model = transformers.BertForSequenceClassification(config)
    return transformers.Trainer(model, arguments, train_dataset=data, eval_dataset=data, **options)


def test_what_a_trainer_of_transformers_trains(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ct.autolog()
    trainer = _bert(tmp_path)
    trainer.train()
    run = _run()
    assert run.data.params["hidden_size"] == "8"
    assert run.data.params["num_train_epochs"] == "2"
    assert _steps(run, "loss") == [2, 4, 6, 8]
    assert _steps(run, "eval_loss") == [4, 8]
    assert _steps(run, "train_loss") == [8]
    assert "model" not in _files(run)
    assert not any("cloudtrack" in type(each).__module__ for each in trainer.callback_handler.callbacks)
    assert [record for record in caplog.records if "autologging" in record.name] == []


def test_a_callback_of_transformers_logs_to_the_active_run(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the package transformers is not installed")
    with ct.start_run():
        _bert(tmp_path, callbacks=[ct.transformers.Callback()]).train()
    assert _steps(_run(), "loss") == [2, 4, 6, 8]
    assert _run().data.params == {}


@pytest.mark.parametrize(("flavor", "module"), [("pytorch", "mlflow.pytorch"), ("transformers", "mlflow.transformers")])
def test_arguments_are_mlflows(flavor: str, module: str) -> None:
    assert_arguments_are_mlflows(getattr(ct, flavor).autolog, module)
