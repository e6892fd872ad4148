"""``cloudtrack demo``."""

from __future__ import annotations

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
    output.say("")
    output.say("Try next:")
    output.say(f"  cloudtrack runs list --experiment {EXPERIMENT} --order-by 'metrics.accuracy DESC'")
    output.say(f"  cloudtrack runs show {result.best_run_id}")
    output.say(f"  cloudtrack models show {MODEL}")
    output.say(f"  cloudtrack models history {MODEL}")
    output.say("  cloudtrack demo                          (again: the next version takes over)")
    output.say("  CLOUDTRACK_URI=s3://bucket/prefix cloudtrack demo   (the same, on S3)")
