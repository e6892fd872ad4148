"""``python -m tests.faults --seed 7 --operations 400``: one campaign after another, and what was found."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time

from tests.faults.campaign import CREDENTIALS, run_campaign


def main() -> int:
    """0 where nothing was lost, done twice or broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="Of the faults and of what the clients do.")
    parser.add_argument("--operations", type=int, default=400, help="Of all clients together.")
    parser.add_argument("--workers", type=int, default=4, help="Clients; one is the easiest to play again.")
    parser.add_argument("--percent", type=float, default=12.0, help="Requests that are spoiled.")
    parser.add_argument("--minutes", type=float, default=0.0, help="Go on with the next seeds for so long.")
    asked = parser.parse_args()
    os.environ.update(CREDENTIALS)
    logging.disable(logging.WARNING)
    began, seed, ok = time.monotonic(), asked.seed, True
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(CLOUDTRACK_SPOOL_DIR=f"{folder}/spool", CLOUDTRACK_CACHE_DIR=f"{folder}/cache")
        while ok and (seed == asked.seed or time.monotonic() - began < asked.minutes * 60):
            report = run_campaign(seed, asked.operations, workers=asked.workers, percent=asked.percent)
            print(report, flush=True)
            ok, seed = report.ok, seed + 1
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
