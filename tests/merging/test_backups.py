"""docs/backup.md: a plain copy, made in its order while others write, is a whole store; and so is a push."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import log_model, log_points
from tests.thoroughness import IS_THOROUGH

ORDER = ("releases", "models", "logged_models", "runs", "experiments")
"""As the page says: what refers to others first."""


def copy_in_order(source: Path, target: Path) -> None:
    """As ``rsync`` does place by place: documents before the files that they list, so that each lists what is there."""
    shutil.copytree(source, target, ignore=lambda folder, names: [*ORDER] if Path(folder) == source else [])


def back_up(source: Path, target: Path) -> None:
    """The order of the page: first what is truth in histories and documents, then again everything else."""
    for place in ORDER:
        if (source / place).exists():
            shutil.copytree(source / place, target / place, dirs_exist_ok=True, copy_function=_copied)
    for name in ("models", "model_files", "access", "webhooks", "feed", "index"):
        if (source / name).exists():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True, copy_function=_missing)
    for name in ("policy.yaml", "cloudtrack.json"):
        if (source / name).exists():
            shutil.copy2(source / name, target / name)


def _copied(source: str, target: str) -> None:
    shutil.copy2(source, target)


def _missing(source: str, target: str) -> None:
    if not Path(target).exists():
        shutil.copy2(source, target)
