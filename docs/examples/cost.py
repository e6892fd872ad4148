"""What a team pays S3 for its store a month: requests and storage at list prices.

Prices: S3 Standard, us-east-1, https://aws.amazon.com/s3/pricing/, as of 2025, in USD, before tax and free tiers.
"""

from __future__ import annotations

from dataclasses import dataclass

USD_PER_1000_WRITES = 0.005  # PUT, POST, LIST
USD_PER_1000_READS = 0.0004  # GET, HEAD
USD_PER_GIB_MONTH = 0.023

SHORT_RUN = (3, 1)
"""Writes and reads of a run with 100 params and 10 metrics that ends within one interval of delivery."""
WRITES_PER_HOUR = 3600 / 5
"""At the most, of a run that logs without a pause: one document every five seconds; segments are few beside them."""


@dataclass
class Team:
    """What a team does in a month."""

    short_runs: int
    hours_of_long_runs: int
    stored_gib: float


def usd_a_month(team: Team) -> dict[str, float]:
    """The bill by line."""
    writes, reads = SHORT_RUN
    return {
        "short runs": team.short_runs * (writes * USD_PER_1000_WRITES + reads * USD_PER_1000_READS) / 1000,
        "long runs": team.hours_of_long_runs * WRITES_PER_HOUR * USD_PER_1000_WRITES / 1000,
        "storage": team.stored_gib * USD_PER_GIB_MONTH,
    }


if __name__ == "__main__":
    for name, team in {
        "one person": Team(short_runs=500, hours_of_long_runs=100, stored_gib=10),
        "a team of ten": Team(short_runs=10_000, hours_of_long_runs=2_000, stored_gib=500),
    }.items():
        bill = usd_a_month(team)
        lines = ", ".join(f"{line} ${usd:.2f}" for line, usd in bill.items())
        print(f"{name}: ${sum(bill.values()):.2f} a month ({lines})")
