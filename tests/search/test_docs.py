"""Every example of docs/search.md finds what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.search.runs import parse_run_query
from tests.scripts import run_script

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def examples(language: str) -> list[tuple[str, str]]:
    lines = [line for block in blocks(language) for line in block.splitlines()]
    return [(asked.strip(), found.strip()) for asked, _, found in (line.rpartition("=>") for line in lines)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the page's program makes."""
    folder = tmp_path_factory.mktemp("page")
    done = run_script("".join(blocks("python")), store=str(folder / "store"), folder=folder, **own_settings(folder))
    assert done.returncode == 0, done.stderr
    return str(folder / "store")


@pytest.fixture(scope="module")
def client(store: str) -> Client:
    return Client(store)


def own_settings(folder: Path) -> dict[str, str]:
    return {"CLOUDTRACK_SPOOL_DIR": str(folder / "spool"), "CLOUDTRACK_CACHE_DIR": str(folder / "cache")}


def find_runs(client: Client, filter_string: str, order_by: list[str] | None = None) -> list[str]:
    (experiment,) = client.experiments.search("name = 'trees'")
    found = client.runs.search([experiment.experiment_id], filter_string, order_by=order_by)
    return [run.info.run_name for run in found]


FIND: dict[str, Callable[[Any, str], list[str]]] = {
    "runs": find_runs,
    "orders": lambda client, asked: find_runs(client, "", [term.strip() for term in asked.split(",")]),
    "experiments": lambda client, asked: [item.name for item in client.experiments.search(asked)],
    "models": lambda client, asked: [item.name for item in client.registered_models.search(asked)],
    "versions": lambda client, asked: [f"{item.name} {item.version}" for item in client.model_versions.search(asked)],
}


@pytest.mark.parametrize(("language", "asked", "found"), [(kind, *pair) for kind in FIND for pair in examples(kind)])
def test_an_example_finds_what_the_page_says(client: Client, language: str, asked: str, found: str) -> None:
    assert FIND[language](client, asked) == found.split(", ")


def test_the_command_finds_something(store: str, tmp_path: Path) -> None:
    (line,) = blocks("sh")
    command = [str(Path(sys.executable).parent / "cloudtrack"), *shlex.split(line)[1:]]
    environment = {**os.environ, "CLOUDTRACK_URI": store, **own_settings(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "oak" in done.stdout
    assert "pine" not in done.stdout


@pytest.mark.parametrize(("asked", "message"), examples("refused"))
def test_an_example_is_refused_as_the_page_says(asked: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_run_query(asked, [])
    assert caught.value.message == message


def test_the_page_has_examples_of_everything() -> None:
    assert len(examples("runs")) >= 30
    assert all(examples(language) for language in (*FIND, "refused"))
    assert set(re.findall(r"```(\w+)", PAGE)) == {*FIND, "refused", "python", "sh"}
