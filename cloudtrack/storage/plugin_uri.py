"""``cloudtrack+s3://bucket/prefix`` and ``cloudtrack+file:...``: how MLflow is told of a store (see ``mlflow_plugin``).

A program that uses both packages names the store once, in ``MLFLOW_TRACKING_URI``.
"""

from __future__ import annotations

PREFIX = "cloudtrack+"
_FILE = f"{PREFIX}file:"


def without_prefix(url: str) -> str:
    """The URL or path that a URI for MLflow stands for; any other URL is returned as it is."""
    if url.startswith(_FILE) and not url.startswith(f"{_FILE}/"):
        return url.removeprefix(_FILE)
    if url.startswith(f"{_FILE}/") and not url.startswith(f"{_FILE}//"):
        return f"file://{url.removeprefix(_FILE)}"
    return url.removeprefix(PREFIX)
