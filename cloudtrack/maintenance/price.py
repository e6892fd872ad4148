"""What storage costs, for estimates."""

from __future__ import annotations

USD_PER_GIB_MONTH = 0.023
"""S3 Standard in us-east-1, the first 50 TB a month, without requests and old versions.
Source: https://aws.amazon.com/s3/pricing/, as of 2025: see there before relying on it.
"""
_GIB = 1 << 30


def usd_a_month(size_bytes: int, usd_per_gib_month: float = USD_PER_GIB_MONTH) -> float:
    """The price of keeping so many bytes."""
    return size_bytes / _GIB * usd_per_gib_month
