"""Bringing what other trackers hold into a store, and back out: each once, as it was."""
