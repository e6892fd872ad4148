"""``cloudtrack demo``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from cloudtrack.cli import output
from cloudtrack.cli.state import state


def demo(as_json: output.JsonOption = False) -> None:
    """Do the whole job on real data: train models, record runs, register and promote the best, load it, predict."""
    import cloudtrack
    from cloudtrack.demo import EXPERIMENT, MODEL, run_demo

    if state.store:
        cloudtrack.set_tracking_uri(state.store)
    result = run_demo((lambda _line: None) if as_json else output.say)
    if as_json:
        output.show_json(result)
        return
    program = _program()
    for line in (
        "",
        "Try next:",
        f"  {program} runs list --experiment {EXPERIMENT} --order-by 'metrics.accuracy DESC'",
        f"  {program} runs show {result.best_run_id}",
        f"  {program} models show {MODEL}",
        f"  {program} registry log {MODEL}",
        f"  {program} demo    (again: the next version takes over)",
        "The same on S3: set CLOUDTRACK_URI=s3://bucket/prefix",
    ):
        output.say(line)


def _program() -> str:
    """The command as one can type it here."""
    name = Path(sys.argv[0]).name
    program = name if shutil.which(name) else sys.argv[0]
    return f"{program} --store {state.store}" if state.store else program
