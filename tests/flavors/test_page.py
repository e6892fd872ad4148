"""The page of autologging where all frameworks are: no block is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.docs.test_blocks import run_page, runs_here

pytestmark = pytest.mark.flavors
PAGE = "docs/autologging.md"


def test_all_blocks_of_the_page_run(tmp_path: Path, moto_url: str) -> None:
    left_out = [block.where for block in blocks(PAGE) if not runs_here(block)]
    assert left_out == []
    run_page(PAGE, tmp_path / "page", moto_url)
