"""Sweeps: one project run many times over a space of parameters, as the children of one run."""
