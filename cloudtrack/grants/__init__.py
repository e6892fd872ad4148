"""Capabilities: one run logged without a login, one run shown without a login; both by requests that were signed."""
