"""``cloudtrack doctor``: what is used, whether it works, what to fix."""

from __future__ import annotations

import platform
from importlib import metadata

import typer

from cloudtrack import config
from cloudtrack.cli import output
from cloudtrack.cli.state import state
from cloudtrack.maintenance.checkup import Check, Checkup
from cloudtrack.storage.identity import identity
from cloudtrack.storage.opening import open_store

_PACKAGES = ("cloudtrack", "s3fs", "obstore", "boto3", "duckdb", "pydantic", "fsspec")


def doctor(as_json: output.JsonOption = False) -> None:
    """Check which store and identity are used, whether the store can be read, written, listed and trusted."""
    store = open_store(state.store or config.store_uri())
    checks = Checkup(store).run()
    spool = config.spool_dir()
    facts = {
        "store": store.url,
        "form": type(getattr(store, "inner", store)).__name__,
        "identity": identity(store),
        "user": config.user(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "spool": f"{spool} ({len(list(spool.glob('*.spool')))} file(s) waiting)",
    }
    if as_json:
        output.show_json({**facts, "checks": checks, "ok": all(check.ok for check in checks)})
    else:
        output.show_fields(facts)
        rows = [
            ("ok" if check.ok else "FAILED", check.name, f"{check.latency_ms:.1f} ms", check.detail) for check in checks
        ]
        output.show_table("Checks", ("", "step", "took", "seen"), rows, empty="")
        output.say(_advice(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _advice(checks: list[Check]) -> str:
    failed = next((check for check in checks if not check.ok), None)
    return "everything works" if failed is None else f"fix this first: {failed.name}: {failed.detail}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
