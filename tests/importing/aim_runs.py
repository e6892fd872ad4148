"""Fill a repository of Aim: ``aim_runs.py FOLDER RUNS POINTS``. For an interpreter with Aim."""

import sys

from aim import Distribution, Run, Text


def main():
    folder, runs, points = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for number in range(runs):
        run = Run(repo=folder, experiment=f"exp {number % 2}", system_tracking_interval=None)
        run["hparams"] = {"lr": 0.1 * number, "net": {"depth": number, "act": None, "layers": [1, 2]}, "flag": True}
        run["seed"] = number
        for step in range(points):
            run.track(step / 8, name="loss", step=step, context={"subset": "train"})
            run.track(step / 4, name="loss", step=step, context={"subset": "val", "fold": 1})
        run.track(float("nan"), name="plain", step=0)
        run.track(float("inf"), name="plain", step=1)
        run.track(Text("hello"), name="texts", step=0)
        run.track(Distribution([1, 2, 3]), name="weights", step=0)
        run.add_tag("good")
        run.name, run.description, run.archived = f"run {number}", "notes", number == 1
        run.close()


main()
