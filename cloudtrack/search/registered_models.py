"""What registered models are found by."""

from __future__ import annotations

from cloudtrack.search.fields import Types

REGISTERED_MODELS: Types = {
    "attributes": {
        "name": str,
        "creation_timestamp": float,
        "last_updated_timestamp": float,
        "timestamp": "last_updated_timestamp",
    },
    "tags": str,
}
