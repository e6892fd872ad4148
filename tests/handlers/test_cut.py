"""Functions of the API start without what their bundles leave out."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
_START = """
import importlib, re, sys
from fnmatch import fnmatch

class Cut:
    def find_spec(self, name, path=None, target=None):
        if any(fnmatch(name, pattern) for pattern in sys.argv[1:]):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Cut())
for name in "artifacts authorizer compaction experiments hooks metrics purges registry runs transitions web".split():
    importlib.import_module(f"handlers.{name}")
"""


def _cut() -> list[str]:
    """The modules that a bundle of the API lacks, as infra/lambda.mk says."""
    text = (ROOT / "infra" / "lambda.mk").read_text().replace("\\\n", " ")
    doors = re.search(r"^OTHER_DOORS := (.*)$", text, re.MULTILINE)
    loaders = re.search(r"^LOADERS := \$\(addprefix models/,(.*)\)$", text, re.MULTILINE)
    client = re.search(r"^CLIENT := \$\(addprefix remote/,(.*)\)$", text, re.MULTILINE)
    also = re.search(r"^\$\(BUNDLES\)/own.done: CUT := (.*) \$\(CLIENT\) \$\(LOADERS\)$", text, re.MULTILINE)
    assert doors
    assert loaders
    assert client
    assert also
    names = [*doors[1].split(), *also[1].split(), *(f"models.{name}" for name in loaders[1].split())]
    names += [f"remote.{name}" for name in client[1].split()]
    return [f"cloudtrack.{name.removesuffix('.py')}" for name in names]


def test_what_is_cut_out_is_not_missed() -> None:
    cut = _cut()
    assert any(fnmatch("cloudtrack.models.pickle_scan", pattern) for pattern in cut)
    done = subprocess.run([sys.executable, "-c", _START, *cut], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
