"""The audit of dependencies: a finding fails it; a network that does not answer does not, and is no good word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / "infra" / "audit.py"
WEAK = {"name": "old", "version": "1", "vulns": [{"id": "CVE-2000-0001", "fix_versions": ["2"]}]}
FINE = {"name": "new", "version": "1", "vulns": []}
UNKNOWN = {"name": "odd", "skip_reason": "Dependency not found on PyPI and could not be audited"}
REFUSED = {"message": "405 Method Not Allowed", "statusCode": 405}
CLEAN = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}}
BAD = {"vulnerabilities": {"left": {"severity": "high", "range": "<2"}}, "metadata": {"dependencies": {"total": 7}}}


@pytest.mark.parametrize(
    ("python", "page", "code", "said"),
    [
        ({"dependencies": [FINE]}, CLEAN, 0, ["1 packages looked up, 0 findings", "7 packages looked up, 0 findings"]),
        ({"dependencies": [FINE, WEAK]}, CLEAN, 1, ["old 1: CVE-2000-0001, fixed in 2"]),
        ({"dependencies": [FINE, UNKNOWN]}, CLEAN, 0, ["NOT AUDITED: 1 packages"]),
        ({"dependencies": [FINE]}, BAD, 1, ["left <2: high"]),
        ({"dependencies": [FINE]}, REFUSED, 0, ["npm audit: NOT AUDITED, the advisories could not be reached"]),
        (None, None, 0, ["pip-audit: NOT AUDITED, the advisories", "npm audit: NOT AUDITED, the advisories"]),
    ],
)
def test_a_finding_fails_and_no_answer_is_no_good_word(
    python: Any, page: Any, code: int, said: list[str], tmp_path: Path
) -> None:
    for name, told in (("pip-audit", python), ("npm", page)):
        text = "no such host" if told is None else json.dumps(told)
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit 1\n")
        tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    words = [sys.executable, str(AUDIT), str(tmp_path), str(tmp_path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    for line in said:
        assert line in done.stdout
