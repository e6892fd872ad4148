"""The examples of the README and of docs/logged-models.md run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scripts import run_script

ROOT = Path(__file__).parent.parent


def _examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


EXAMPLES = _examples("README.md")


@pytest.mark.parametrize("number", range(3))
def test_an_example_of_the_readme_runs(number: int, store_url: str, tmp_path: Path) -> None:
    done = run_script(EXAMPLES[number], store=store_url, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(("number", "said"), [(0, "dataset_name='iris, held out'"), (1, "0.62\nPENDING FAILED")])
def test_an_example_of_the_page_on_logged_models_runs(number: int, said: str, store_url: str, tmp_path: Path) -> None:
    done = run_script(_examples("docs/logged-models.md")[number], store=store_url, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
