"""What needs schemathesis is collected where that is installed: ``make security`` installs it, and runs it."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("schemathesis") is None:
    collect_ignore = ["test_openapi.py"]
