"""What evaluations give here."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import cloudtrack as ct
from cloudtrack.models.trust import trusting
from tests.evaluation.corpus import CORPUS, outcome


def in_ours(name: str, folder: Path) -> dict[str, Any]:
    """Of one case, in a store in this folder."""
    with warnings.catch_warnings(), trusting(True):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        ct.set_tracking_uri(folder)
        ct.set_experiment("evaluation")
        try:
            return outcome(ct, CORPUS[name])
        finally:
            logging.disable(logging.NOTSET)
            ct.set_tracking_uri("memory://none")
