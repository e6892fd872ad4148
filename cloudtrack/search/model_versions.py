"""What model versions are found by."""

from __future__ import annotations

from cloudtrack.search.fields import Types

MODEL_VERSIONS: Types = {
    "attributes": {
        "name": str,
        "version_number": float,
        "run_id": str,
        "model_id": str,
        "source_path": str,
        "digest": str,
        "current_stage": str,
        "stage": "current_stage",
        "creation_timestamp": float,
        "last_updated_timestamp": float,
    },
    "tags": str,
}
