"""The cells of the notebook that this process runs, as a file of a run."""

from __future__ import annotations

import contextlib
import sys

from cloudtrack import config
from cloudtrack.errors import CloudtrackError
from cloudtrack.fluent import session

FILE = "notebook.py"


def keep_cells(run_id: str) -> None:
    """Where ``CLOUDTRACK_NOTEBOOK`` asks for it: log the cells that ran so far, in their order, as ``notebook.py``."""
    if not (config.keeps_notebook() and config.is_notebook()):
        return
    cells = getattr(sys.modules["__main__"], "In", [])
    text = "\n\n".join(f"# In [{number}]\n{cell.rstrip()}" for number, cell in enumerate(cells) if cell.strip())
    with contextlib.suppress(CloudtrackError):  # a help, never a reason why a run cannot end
        session.client().artifacts.log_text(run_id, f"{text}\n", FILE)
