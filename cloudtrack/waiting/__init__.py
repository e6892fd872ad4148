"""Calls to the registry and to logged models that wait while the store is away."""
