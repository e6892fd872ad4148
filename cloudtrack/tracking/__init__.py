"""Experiments, runs, metrics and artifacts: the rules, over one store."""
