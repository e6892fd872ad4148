"""What docs/importing.md imports, small, in the folder where this is run: ``python -m tests.importing.page``."""

from __future__ import annotations

from pathlib import Path

from tests.importing import neptune
from tests.importing.builders import database, folder
from tests.importing.test_other_trackers import event, item, part, simple, tf_records, wandb_log


def main(home: Path) -> None:
    folder(home / "mlruns")
    database(home / "database").rename(home / "mlflow.db")
    (home / "logs/run").mkdir(parents=True)
    (home / "logs/run/events.out.tfevents.1.host").write_bytes(tf_records(event(1000.5, 0, simple("loss", 0.5))))
    of_run = part(1, "abc") + part(3, "proj") + part(8, "my run")
    (home / "wandb/offline-run-1").mkdir(parents=True)
    (home / "wandb/offline-run-1/run-abc.wandb").write_bytes(
        wandb_log(part(17, of_run), part(2, item(0.5, "loss") + item(0, "_step")))
    )
    neptune.export(home / "exports")


if __name__ == "__main__":
    main(Path())
