"""What a model needs, found among what is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.models.environment import pinned


def test_what_is_installed_meanwhile_is_pinned_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert pinned({"fetched_late"}) == []
    described = tmp_path / "fetched_late-1.5.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: fetched-late\nVersion: 1.5\n")
    (described / "top_level.txt").write_text("fetched_late\n")
    assert pinned({"fetched_late", "os"}) == ["fetched-late==1.5"]
