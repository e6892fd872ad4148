"""The examples of the README run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scripts import run_script

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(3))
def test_an_example_of_the_readme_runs(number: int, store_url: str, tmp_path: Path) -> None:
    done = run_script(EXAMPLES[number], store=store_url, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
