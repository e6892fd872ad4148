"""What evaluations give here."""

from __future__ import annotations

import logging
import tempfile
import warnings
from typing import Any

import cloudtrack as ct
from cloudtrack.models.trust import trusting
from tests.evaluation.corpus import outcomes


def in_ours() -> dict[str, Any]:
    """Of all cases, in a store of their own."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        ct.set_tracking_uri(folder)
        ct.set_experiment("evaluation")
        try:
            with trusting(True):
                return outcomes(ct)
        finally:
            logging.disable(logging.NOTSET)
            ct.set_tracking_uri("memory://none")
