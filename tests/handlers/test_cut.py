"""Functions of the API start without what their bundles leave out."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_START = """
import importlib, re, sys
from fnmatch import fnmatch

class Cut:
    def find_spec(self, name, path=None, target=None):
        if any(fnmatch(name, pattern) for pattern in sys.argv[1:]):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Cut())
"""
_API = (
    _START
    + """
for name in "artifacts authorizer compaction experiments hooks metrics purges registry runs transitions web".split():
    importlib.import_module(f"handlers.{name}")
"""
)
_SCORING = (
    _START
    + """
for name in ("handlers.scoring", "cloudtrack.flavors.pyfunc", "cloudtrack.flavors.sklearn"):
    importlib.import_module(name)
"""
)


def _cut() -> list[str]:
    """The modules that a bundle of the API lacks, as infra/lambda.mk says."""
    text = (ROOT / "infra" / "lambda.mk").read_text().replace("\\\n", " ")
    doors = re.search(r"^OTHER_DOORS := (.*)$", text, re.MULTILINE)
    loaders = re.search(r"^LOADERS := \$\(addprefix models/,(.*)\)$", text, re.MULTILINE)
    client = re.search(r"^CLIENT := \$\(addprefix remote/,(.*)\)$", text, re.MULTILINE)
    keepers = re.search(r"^KEEPERS := \$\(addprefix maintenance/,(.*)\)$", text, re.MULTILINE)
    also = re.search(r"^\$\(BUNDLES\)/own.done: CUT := ([^$]*) ", text, re.MULTILINE)
    assert doors
    assert loaders
    assert client
    assert keepers
    assert also
    names = [*doors[1].split(), *also[1].split(), *(f"models.{name}" for name in loaders[1].split())]
    names += [f"remote.{name}" for name in client[1].split()]
    names += [f"maintenance.{name}" for name in keepers[1].split()]
    return [f"cloudtrack.{name.removesuffix('.py')}" for name in names]


def _of_scoring() -> list[str]:
    """The same of the bundle of scoring."""
    text = (ROOT / "infra" / "lambda.mk").read_text()
    doors = re.search(r"^OTHER_DOORS := (.*)$", text, re.MULTILINE)
    servers = re.search(r"^SERVERS := \$\(addprefix scoring/,(.*)\)$", text, re.MULTILINE)
    assert doors
    assert servers
    names = [*doors[1].split(), *(f"scoring.{name}" for name in servers[1].split())]
    return [f"cloudtrack.{name.removesuffix('.py')}" for name in names]


@pytest.mark.parametrize(
    ("script", "cut", "known"),
    [
        (_API, _cut(), "cloudtrack.models.pickle_scan"),
        (_SCORING, _of_scoring(), "cloudtrack.scoring.server"),
    ],
    ids=["api", "scoring"],
)
def test_what_is_cut_out_is_not_missed(script: str, cut: list[str], known: str) -> None:
    assert any(fnmatch(known, pattern) for pattern in cut)
    done = subprocess.run([sys.executable, "-c", script, *cut], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
