"""cloudtrack in Jupyter: cell magics, and what a notebook is called."""
