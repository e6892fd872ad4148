"""A project to run wherever."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "MLproject": """
name: line
entry_points:
  main:
    parameters: {slope: {type: float, default: 2}}
    command: python train.py {slope}
  broken:
    command: echo it goes wrong && exit 3
  endless:
    command: python wait.py
""",
    "train.py": """
import sys
import cloudtrack as ct
with ct.start_run():
    print("training goes well", flush=True)
    for step in range(3):
        ct.log_metric("y", float(sys.argv[1]) * step, step=step)
""",
    "wait.py": """
import time
import cloudtrack as ct
ct.log_metric("began", 1)
time.sleep(600)
""",
}


def make_project(folder: Path) -> Path:
    """Write it."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder
