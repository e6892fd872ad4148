"""A store with something of everything that the web page shows, made with the public interface."""

from __future__ import annotations

import json
import math
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudtrack as ct

SWEEP = "vision/cifar-sweep"
RUNS = 24
STEPS = 400
MODEL = "churn"
HOSTILE = "<img src=x onerror=alert(1)>\u202eevil"
_EPOCHS = 20


def png(width: int, height: int, shade: int) -> bytes:
    """A small picture."""
    rows = b"".join(
        b"\0" + bytes((x * 4 % 256, y * 4 % 256, shade)[c] for x in range(width) for c in range(3))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data) for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def fill_sweep(url: str, *, runs: int = RUNS, steps: int = STEPS) -> list[str]:
    """An experiment of many runs with curves; ids in the order they were made."""
    ct.set_tracking_uri(url)
    experiment_id = ct.create_experiment(SWEEP, tags={"team": "vision"})
    ct.MlflowClient().set_experiment_tag(
        experiment_id, "cloudtrack.primary_metric", json.dumps({"key": "val/acc", "direction": "max"})
    )
    ct.set_experiment(SWEEP)
    rng = random.Random(7)
    return [_sweep_run(rng, number, steps) for number in range(runs)]


def _sweep_run(rng: random.Random, number: int, steps: int) -> str:
    optimizer, lr, depth = rng.choice(["adam", "sgd", "lion"]), 10 ** rng.uniform(-4, -1), rng.choice([4, 8, 12, 18])
    skill = 1 - abs(math.log10(lr) + 2.4) / 4 + depth / 80 + (optimizer == "adam") * 0.03
    with ct.start_run(run_name=f"sweep-{number:02d}", tags={"team": "vision" if number % 2 else "speech"}) as run:
        ct.log_params(
            {"optimizer": optimizer, "lr": f"{lr:.5f}", "depth": depth, "batch_size": 64, "augment": "flip,crop"}
        )
        for step in range(steps):
            done = 1 - math.exp(-4 * step / steps)
            loss = 2.3 * (1 - skill * done) + rng.gauss(0, 0.03) + (3 if step == 217 and number == 3 else 0)
            ct.log_metrics(
                {"train/loss": loss, "val/acc": max(0.0, skill * done * 0.95 + rng.gauss(0, 0.01))}, step=step
            )
            if step % (steps // _EPOCHS or 1) == 0:
                ct.log_metric("val/loss", float("nan") if number == 5 and step > steps // 2 else loss * 1.1, step=step)
        ct.log_metric("test/acc", skill * 0.94, step=0)
    return str(run.info.run_id)


def fill_artifacts(url: str) -> str:
    """A run with a file of each kind that is previewed, hostile ones among them."""
    ct.set_tracking_uri(url)
    ct.set_experiment("files")
    with ct.start_run(run_name="all kinds") as run:
        for path, text in _TEXTS.items():
            ct.log_text(text, path)
        ct.log_dict({"a": [1, 2, {"b": None}], "c": "text"}, "data/config.json")
        ct.log_table({"word": ["a", "b", "c"], "score": [0.1, 0.5, 0.9]}, "data/table.json")
        for step in (0, 10, 20):
            _log_bytes(png(64, 48, step * 10), f"images/sample-{step}.png")
        _log_bytes(bytes(range(256)) * 16, "data/weights.bin")
        _log_bytes(_npy(), "data/array.npy")
        _log_frame()
    return str(run.info.run_id)


def _log_bytes(content: bytes, path: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(path).name
        file.write_bytes(content)
        ct.log_artifact(str(file), str(Path(path).parent) if "/" in path else None)


def _log_frame() -> None:
    import tempfile

    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        frame = pd.DataFrame(
            {"x": range(1000), "name": [f"row {n}" for n in range(1000)], "y": [n / 7 for n in range(1000)]}
        )
        frame.to_parquet(Path(folder) / "table.parquet")
        ct.log_artifact(str(Path(folder) / "table.parquet"), "data")


def _npy() -> bytes:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(96)


_TEXTS: dict[str, str] = {
    "notes.md": "# Notes\n\nIt *works*, see [here](https://example.com) and <script>alert(1)</script>.\n\n![picture](images/sample-0.png)\n\n- one\n- two\n",
    "train.log": "\n".join(f"\x1b[32m{n:05d}\x1b[0m epoch {n // 100} loss {1 / (n + 1):.4f}" for n in range(5000)),
    "data/rows.csv": "id,name,score\n" + "\n".join(f"{n},name {n},{n / 3:.3f}" for n in range(1000)) + "\n",
    "data/lines.jsonl": "\n".join(json.dumps({"n": n, "even": n % 2 == 0}) for n in range(300)) + "\n",
    "code/train.py": "import cloudtrack as ct\n\n\ndef main() -> None:\n    with ct.start_run():\n        ct.log_metric('loss', 1.0)\n",
    "report.html": "<h1>Report</h1><p id=out>no script</p><script>document.getElementById('out').textContent='script ran, origin '+self.origin</script>",
    "hostile.html": "<body>hostile<script>try{parent.document.title='stolen'}catch(e){};fetch('/api/2.0/mlflow/experiments/search',{method:'POST'}).then(()=>{document.body.textContent='api reached'},()=>{document.body.textContent='api refused'})</script></body>",
    "drawing.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60"><script>parent.document.title="stolen"</script><circle cx="40" cy="30" r="25" fill="tomato"/></svg>',
    "notebook.ipynb": json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"language": "python"}},
            "cells": [
                {"cell_type": "markdown", "metadata": {}, "source": ["# A *notebook*"]},
                {
                    "cell_type": "code",
                    "metadata": {},
                    "execution_count": 1,
                    "source": ["print('hello')"],
                    "outputs": [{"output_type": "stream", "name": "stdout", "text": ["hello\n"]}],
                },
                {
                    "cell_type": "code",
                    "metadata": {},
                    "execution_count": 2,
                    "source": ["evil"],
                    "outputs": [
                        {
                            "output_type": "display_data",
                            "metadata": {},
                            "data": {"text/html": ["<b>bold</b><script>parent.document.title='stolen'</script>"]},
                        }
                    ],
                },
            ],
        }
    ),
}


def fill_models(url: str) -> dict[str, Any]:
    """A registered model with stages, aliases, a request and a history; and one with a hostile name."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    ct.set_tracking_uri(url)
    ct.set_experiment("tabular/churn")
    client = ct.MlflowClient()
    features = pd.DataFrame({"age": [20.0, 35.0, 50.0, 65.0], "visits": [1.0, 4.0, 2.0, 9.0]})
    runs = []
    for number in range(4):
        model = LogisticRegression(C=10.0 ** (number - 2)).fit(features, [0, 0, 1, 1])
        with ct.start_run(run_name=f"fit-{number}") as run:
            ct.log_params({"C": 10.0 ** (number - 2), "penalty": "l2"})
            ct.log_metrics({"val/auc": 0.8 + number / 50, "val/loss": 0.5 - number / 20})
            ct.log_input(ct.data.from_pandas(features, name="customers"), context="training")
            ct.sklearn.log_model(
                model,
                name="model",
                signature=ct.models.infer_signature(features, [0]),
                input_example=features.head(2),
                registered_model_name=MODEL,
            )
        runs.append(str(run.info.run_id))
    client.update_registered_model(MODEL, "Who **leaves** next month.")
    client.set_registered_model_tag(
        MODEL, "cloudtrack.primary_metric", json.dumps({"key": "val/auc", "direction": "max"})
    )
    client.transition_model_version_stage(MODEL, 1, "Production")
    client.transition_model_version_stage(MODEL, 2, "Production", archive_existing_versions=True)
    client.transition_model_version_stage(MODEL, 3, "Staging")
    client.set_registered_model_alias(MODEL, "champion", 2)
    client.set_registered_model_alias(MODEL, "challenger", 3)
    client.set_model_version_tag(MODEL, 3, "reviewed", "yes")
    return {"runs": runs}


def fill_hostile(url: str) -> str:
    """A run whose name, tags and params try to be code."""
    ct.set_tracking_uri(url)
    ct.set_experiment(HOSTILE)
    with ct.start_run(run_name=HOSTILE, tags={"__proto__": "polluted", "note": "<script>alert(1)</script>"}) as run:
        ct.log_params({"constructor": "x", "a b": "'\"`", "long": "y" * 500})
        ct.log_metric("a b", 1.0)
    return str(run.info.run_id)


def fill_nested(url: str) -> str:
    """A parent with three children, and a run that failed."""
    ct.set_tracking_uri(url)
    ct.set_experiment("nested")
    with ct.start_run(run_name="parent") as parent:
        for number in range(3):
            with ct.start_run(run_name=f"child-{number}", nested=True):
                ct.log_param("fold", number)
                ct.log_metric("score", number / 2)
    try:
        with ct.start_run(run_name="broken"):
            raise RuntimeError("a planned failure")
    except RuntimeError:
        pass
    return str(parent.info.run_id)


FILLS: tuple[Callable[[str], Any], ...] = (fill_sweep, fill_artifacts, fill_models, fill_hostile, fill_nested)


def fill(url: str) -> Iterator[Any]:
    """All of it."""
    for one in FILLS:
        yield one(url)


if __name__ == "__main__":  # a store to look at: python -m tests.e2e.filling DIR
    import sys

    for made in fill(sys.argv[1]):
        print(made)
