"""Record what models are handed: ``python -m tests.models.enforcement.record``.

Of MLflow in every case, and of ours where it is something else on purpose. Needs CLOUDTRACK_MLFLOW_PYTHON, the
interpreter of an environment with MLflow.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.models.enforcement.in_ours import outcomes
from tests.recorded import found_in_mlflow, write_golden

GOLDEN = Path(__file__).parent / "golden.json"
OURS = Path(__file__).parent / "ours.json"


def record(python: str) -> dict[str, Any]:
    """What MLflow makes of each case, by its name."""
    return found_in_mlflow(python, "tests.models.enforcement.in_mlflow")


def main() -> None:
    """Write the golden files."""
    theirs, ours = record(os.environ["CLOUDTRACK_MLFLOW_PYTHON"]), outcomes()
    write_golden(GOLDEN, theirs)
    different = {name: found for name, found in ours.items() if does(found, theirs[name])}
    write_golden(OURS, different)
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


if __name__ == "__main__":
    main()
