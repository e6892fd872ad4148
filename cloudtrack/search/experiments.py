"""What experiments are found by."""

from __future__ import annotations

from cloudtrack.search.fields import Types

EXPERIMENTS: Types = {
    "attributes": {"name": str, "experiment_id": str, "creation_time": float, "last_update_time": float},
    "tags": str,
}
