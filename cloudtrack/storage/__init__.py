"""Bytes under keys, with conditional writes. Knows nothing of runs or models."""
