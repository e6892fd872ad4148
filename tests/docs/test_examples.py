"""The examples in docs/examples run, or are read where what they need is not here; figures are counted."""

from __future__ import annotations

import ast
import json
import re
import runpy
import subprocess
import uuid
from pathlib import Path

import pytest
import yaml

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.entities.run import RunStatus
from cloudtrack.storage.memory import MemoryStore
from tests.docs.commands import unknown
from tests.docs.pages import ROOT, Block
from tests.docs.sandbox import sandbox
from tests.storage.lossy import CountingStore

EXAMPLES = ROOT / "docs" / "examples"


def test_a_short_run_is_as_many_requests_as_the_page_on_costs_says(tmp_path: Path) -> None:
    figures = runpy.run_path(str(EXAMPLES / "cost.py"))
    counting = CountingStore(MemoryStore(uuid.uuid4().hex))
    client = Client(counting, spool_dir=tmp_path)
    client.experiments.get("0")
    counting.reset()
    experiment = client.experiments.get("0")
    _, writer = client.runs.start_writer(experiment)
    writer.log_params({f"p{number}": number for number in range(100)})
    for number in range(10):
        writer.log_metric(f"m{number}", 0.5)
    writer.finish(RunStatus.FINISHED)
    assert (counting.writes, counting.requests - counting.writes) == figures["SHORT_RUN"]


def test_the_airflow_example_uses_what_is_public() -> None:
    """Airflow is not installed here, so its DAG is read: every name of cloudtrack in it is there."""
    tree = ast.parse((EXAMPLES / "airflow_dag.py").read_text())
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "ct"}
    assert names == {"projects", "Client"}
    assert all(getattr(ct, name) for name in names)
    assert {node.attr for node in attributes} >= {"register_model", "approvals", "run"}
    assert callable(Client.register_model)
    assert [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] == [
        "churn",
        "train",
        "register",
        "ask",
    ]


def test_the_state_machine_is_whole_and_its_commands_exist() -> None:
    machine = json.loads((EXAMPLES / "step-functions.asl.json").read_text())
    states = machine["States"]
    seen = [machine["StartAt"]]
    while not states[seen[-1]].get("End"):
        seen.append(states[seen[-1]]["Next"])
    assert sorted(seen) == sorted(states)
    for state in states.values():
        assert (state["Type"], state["Resource"]) == ("Task", "arn:aws:states:::batch:submitJob.sync")
        assert {"JobName", "JobQueue", "JobDefinition"} < set(state["Parameters"])
        command = state["Parameters"]["ContainerOverrides"]["Command"]
        assert not unknown(command[2] if command[0] == "sh" else " ".join(command))


@pytest.mark.parametrize("path", [*sorted(ROOT.glob(".github/workflows/*.yml")), EXAMPLES / "github/model-diff.yml"])
def test_a_workflow_is_whole(path: Path) -> None:
    """Known keys, steps that do one thing, needs that exist, no text of others in a shell."""
    workflow = yaml.load(path.read_text(), yaml.BaseLoader)
    assert set(workflow) <= {"name", "on", "permissions", "jobs", "concurrency", "env", "defaults"}
    assert "permissions" in workflow
    for job in workflow["jobs"].values():
        assert set(job) <= {
            "name",
            "runs-on",
            "steps",
            "needs",
            "strategy",
            "permissions",
            "environment",
            "if",
            "env",
            "timeout-minutes",
            "outputs",
        }
        needs = job.get("needs", [])
        assert ({needs} if isinstance(needs, str) else set(needs)) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert set(step) <= {"name", "uses", "with", "run", "env", "id", "if", "shell", "working-directory"}
            assert ("uses" in step) != ("run" in step)
            _check_shell(step.get("run", ""))


def _check_shell(script: str) -> None:
    without = re.sub(r"\$\{\{ (matrix|steps)\.[\w.-]+ \}\}", "X", script)
    assert "${{" not in without, "an expression in a shell script can be text of somebody else: hand it over in env"
    done = subprocess.run(["bash", "-n"], input=without, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_action_comments_how_the_versions_differ(tmp_path: Path, moto_url: str) -> None:
    action = yaml.safe_load((ROOT / ".github/actions/model-diff/action.yml").read_text())
    install, compare, comment = action["runs"]["steps"]
    assert action["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" for step in (install, compare, comment))
    for step in (install, compare, comment):
        _check_shell(step["run"])
    folder = tmp_path / "page"
    folder.mkdir()
    given = {
        "BASE": "models:/churn/1",
        "HEAD": "models:/churn/2",
        "GITHUB_OUTPUT": f"{folder}/output",
        "GITHUB_REPOSITORY": "you/code",
        "GITHUB_STEP_SUMMARY": f"{folder}/summary",
        "NUMBER": "7",
        "RUNNER_TEMP": str(folder),
        "FILE": f"{folder}/model-diff.md",
    }
    exports = "".join(f"export {name}={value}\n" for name, value in given.items())
    with sandbox(folder, moto_url, "") as terminal:
        text = f"fill churn 2\n{exports}{compare['run']}\n{comment['run']}"
        done = terminal.run(Block(".github/actions/model-diff/action.yml", 1, "sh", [], text))
    assert done.returncode == 0, done.stderr
    said = (folder / "model-diff.md").read_text()
    assert said.startswith("### Model diff: `models:/churn/1` to `models:/churn/2`\n\n    ")
    assert "depth" in said
    assert (folder / "output").read_text() == f"file={folder}/model-diff.md\n"
