"""Record what models are handed: ``python -m tests.models.enforcement.record``.

Of MLflow in every case, and of ours where it is something else on purpose. Needs CLOUDTRACK_MLFLOW_PYTHON, the
interpreter of an environment with MLflow.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.models.enforcement.in_ours import outcomes

GOLDEN = Path(__file__).parent / "golden.json"
OURS = Path(__file__).parent / "ours.json"
_ROOT = Path(__file__).parents[3]


def record(python: str) -> dict[str, Any]:
    """What MLflow makes of each case, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        subprocess.run(
            [python, "-m", "tests.models.enforcement.in_mlflow", str(file)],
            cwd=_ROOT,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
            stderr=subprocess.DEVNULL,
            check=True,
        )
        found: dict[str, Any] = json.loads(file.read_text())
    return found


def main() -> None:
    """Write the golden files."""
    theirs, ours = record(os.environ["CLOUDTRACK_MLFLOW_PYTHON"]), outcomes()
    _write(GOLDEN, theirs)
    different = {name: found for name, found in ours.items() if does(found, theirs[name])}
    _write(OURS, different)
    print(f"{len(theirs)} cases; {len(different)} differ")


def does(ours: Any, theirs: Any) -> str:
    """What we do that MLflow does not: ``refuses``, ``takes``, ``hands over`` something else; nothing if that is so."""
    if "refused" in ours and "refused" in theirs:
        return ""
    if "refused" in ours or "refused" in theirs:
        return "refuses" if "refused" in ours else "takes"
    return "" if exactly(ours) == exactly(theirs) else "hands over"


def exactly(outcome: Any) -> str:
    """As text, so that NaN equals NaN and 1 is not 1.0."""
    return json.dumps(outcome, sort_keys=True)


def _write(file: Path, found: dict[str, Any]) -> None:
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in found)
    file.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
