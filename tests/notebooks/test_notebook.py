"""A notebook runs from top to bottom in a real kernel, and shows what it made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.fluent import session
from tests.conftest import SLOW_SERVER

nbformat = pytest.importorskip("nbformat", reason="the group test has ipykernel and nbclient")
nbclient = pytest.importorskip("nbclient")

_CELLS = [
    "import asyncio\n\nimport cloudtrack as ct\n\n%load_ext cloudtrack",
    '%%tracked "<i>first</i>" --experiment churn --tag owner=ann\n'
    "ct.log_params({f'p{n:02}': '<b>' for n in range(30)})\nct.log_metric('loss', 0.25)\nfactor = 3\nfactor * 14",
    "with ct.start_run(run_name='awaited') as run:\n"
    "    ct.log_metric('m', factor)\n    await asyncio.sleep(0)\n    ct.log_text('text', 'notes.txt')\n"
    "ct.get_run(run.info.run_id)",
    "ct.get_experiment('0')",
    "%cloudtrack runs list --experiment churn",
    "left = ct.start_run(run_name='left')\nraise ValueError('in a cell')",
    "assert ct.active_run() is left\nct.start_run()",
    "ct.end_run('FAILED')",
    "%%tracked stopped\nraise KeyboardInterrupt",
    "%%tracked broken\n1 / 0",
    "%cloudtrack runs show nothing",
]
_FAIL = {5: "ValueError", 6: "StateError", 8: "KeyboardInterrupt", 9: "ZeroDivisionError", 10: "InvalidInput"}


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
def test_a_notebook_runs_and_shows_its_runs(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDTRACK_URI", store_url)
    monkeypatch.setenv("CLOUDTRACK_NOTEBOOK", "1")
    monkeypatch.setenv("JPY_SESSION_NAME", "work/churn.ipynb")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in _CELLS])
    nbclient.NotebookClient(
        notebook, timeout=60, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [_shown(cell) for cell in notebook.cells]
    for number, output in enumerate(outputs):
        assert output["error"] == _FAIL.get(number, ""), (number, output)

    first = outputs[1]
    assert "42" in first["plain"]
    assert "FINISHED" in first["html"]
    assert "&lt;i&gt;first&lt;/i&gt;" in first["html"]
    assert "<b>&lt;" not in first["html"]
    assert "and 10 more" in first["html"]
    link = f'<a href="{store_url}/#/experiments/'
    assert (link in first["html"]) == store_url.startswith("http")
    assert "awaited" in outputs[2]["html"]
    assert "Default" in outputs[3]["html"]
    assert "first" in outputs[4]["plain"]
    assert "end it with end_run()" in outputs[6]["message"]
    assert "leaves it so" in outputs[6]["message"]
    assert "FAILED" in outputs[8]["html"]
    assert "FAILED" in outputs[9]["html"]

    ct.set_tracking_uri(store_url)
    runs = {
        run.info.run_name: run
        for run in session.client().runs.search([e.experiment_id for e in ct.search_experiments()])
    }
    found = runs["<i>first</i>"]
    assert found.data.tags["owner"] == "ann"
    assert found.data.tags["mlflow.source.name"] == "work/churn.ipynb"
    assert found.data.tags["mlflow.source.type"] == "NOTEBOOK"
    artifacts = session.client().artifacts
    assert b"factor * 14" in artifacts.read(found.info.run_id, "cell.py")
    cells = artifacts.read(runs["awaited"].info.run_id, "notebook.py").decode()
    assert cells.startswith("# In [1]\nimport asyncio")
    assert "# In [3]\nwith ct.start_run" in cells
    assert {name: run.info.status for name, run in runs.items()} == {
        "<i>first</i>": "FINISHED",
        "awaited": "FINISHED",
        "left": "FAILED",
        "stopped": "FAILED",
        "broken": "FAILED",
    }


def _shown(cell: Any) -> dict[str, str]:
    found = dict.fromkeys(("html", "plain", "text", "error", "message"), "")
    for output in cell.outputs:
        data = output.get("data", {})
        found["html"] += data.get("text/html", "")
        found["plain"] += data.get("text/plain", "")
        found["text"] += output.get("text", "")
        found["error"] += output.get("ename", "")
        found["message"] += output.get("evalue", "")
    return found
