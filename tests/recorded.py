"""What MLflow was recorded to answer holds for the pandas that it was recorded with."""

from __future__ import annotations

from importlib import metadata

import pytest

with_pandas_3 = pytest.mark.skipif(
    int(metadata.version("pandas").partition(".")[0]) < 3,
    reason="MLflow's answers were recorded with pandas 3, where text has a type of its own",
)
