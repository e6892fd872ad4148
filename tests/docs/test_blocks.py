"""Every block of every page runs, or says why it cannot, and is read then."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.docs.commands import unknown
from tests.docs.pages import REASONS, ROOT, TESTED_ELSEWHERE, Block, blocks, pages
from tests.docs.sandbox import sandbox

RUN = ("python", "sh", "sql")
PAGES_TESTED_ELSEWHERE = {
    "docs/search.md": "tests/search/test_docs.py",
    "docs/lakehouse.md": "tests/lakehouse/test_page.py",
    "docs/mlflow-plugin.md": "tests/mlflow_plugin/test_page.py",
}
FOREIGN_MODULES = (
    *("airflow", "keras", "lightgbm", "lightning", "mlflow", "ray", "tensorflow", "torch", "transformers", "wandb"),
    "xgboost",
)
FOREIGN_COMMANDS = ("aws", "docker", "kubectl", "mlflow", "pip", "sam", "spark-submit", "wandb")
"""A block that imports or calls one of these, where there is none, is read and not run; pip is never let loose."""


def runs_here(block: Block) -> bool:
    """Whether the block can run, and no other test runs it."""
    if block.reasons or block.language not in RUN or block.page in PAGES_TESTED_ELSEWHERE:
        return False
    if block.language == "sh":
        return not re.search(rf"^(\w+=\S* )*({'|'.join(FOREIGN_COMMANDS)}) ", block.text, re.MULTILINE)
    imported = re.findall(r"^\s*(?:import|from) (\w+)", block.text, re.MULTILINE)
    return not any(name in FOREIGN_MODULES and importlib.util.find_spec(name) is None for name in imported)


PAGES = [page for page in pages() if any(runs_here(block) for block in blocks(page))]
ALL = [block for page in pages() for block in blocks(page)]


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    run_page(page, tmp_path / "page", request.getfixturevalue("moto_url"))


def run_page(page: str, folder: Path, moto_url: str) -> None:
    """Run the blocks of a page that can run here, in a new folder; what it promises must come."""
    text = (ROOT / page).read_text(encoding="utf-8")
    folder.mkdir()
    with sandbox(folder, moto_url, text) as terminal:
        for block in blocks(page):
            if block.title and not runs_here(block):
                (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.title).write_text(block.text, encoding="utf-8")
            if not runs_here(block):
                continue
            done = terminal.run(block)
            assert done.returncode == block.code, (
                f"{block.where}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
            if block.said is not None:
                promised(block.said, done.stdout, block.where)


def promised(said: str, printed: str, where: str) -> None:
    """The page's lines are those that were printed; ``...`` stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(masked(line)) + r"\n" for line in said.strip().splitlines()
    )
    found = "".join(f"{masked(line)}\n" for line in printed.strip().splitlines())
    assert re.fullmatch(pattern, found), f"{where} promises\n{said}\nand printed was\n{printed}"


def masked(line: str) -> str:
    """A line without what is another one each time: ids, times, last digits and the width of columns."""
    line = re.sub(r"[0-9a-f]{32,64}", "ID", line.rstrip())
    line = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?Z?", "TIME", line)
    line = re.sub(r"\d+\.\d{6,}", lambda found: str(round(float(found[0]), 4)), line)
    return re.sub(r"\s+|[─━]+", " ", line)


@pytest.mark.parametrize("page", pages())
def test_the_blocks_of_a_page_can_be_read(page: str) -> None:
    for block in blocks(page):
        assert set(block.words) <= set(REASONS), f"{block.where}: {block.words}; one may say {sorted(REASONS)}"
        _read(block)


def _read(block: Block) -> None:
    match block.language:
        case "python" | "py":
            ast.parse(block.text)
        case "sh":
            done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{block.where}: {done.stderr}"
            assert not unknown(block.text), f"{block.where}: {unknown(block.text)}"
        case "yaml":
            yaml.compose(block.text)
        case "json":
            json.loads(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "dockerfile":
            assert re.match(r"(FROM|RUN|COPY|ENV|CMD|ENTRYPOINT|#)\b", block.text)


def test_commands_in_sentences_exist() -> None:
    for page in pages():
        sentences = re.sub(
            r"^ *```.*?^ *```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
        for command in re.findall(r"`(cloudtrack [^`]+)`", sentences):
            assert not unknown(command), f"{page}: {command}: {unknown(command)}"


def test_pages_that_other_tests_run_are_named_there() -> None:
    for page, test in PAGES_TESTED_ELSEWHERE.items():
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8")
    assert {block.page for block in ALL if block.language in TESTED_ELSEWHERE} == {"docs/search.md"}


def test_a_block_says_its_language() -> None:
    for page in pages():
        fences = re.findall(r"^ *```(.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert all(fences[::2]), page
        assert not any(fences[1::2]), page


def test_an_unknown_command_an_unknown_option_and_a_wrong_promise_are_found() -> None:
    assert unknown("cloudtrack runs lst") == ["cloudtrack runs: no command lst"]
    assert unknown("x=$(cloudtrack --store a runs list --colour) && cloudtrack ui") == [
        "cloudtrack list: no option --colour"
    ]
    promised("a 0123456789abcdef0123456789abcdef\n...\nz", f"a {'f' * 32}\nb\nc\nz\n", "here")
    with pytest.raises(AssertionError, match="here promises"):
        promised("a", "b", "here")
