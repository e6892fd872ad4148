"""Faults on purpose: stores that stop at every write, a proxy that spoils requests, processes that are killed."""
