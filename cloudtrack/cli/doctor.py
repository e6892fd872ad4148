"""``cloudtrack doctor``: what is used, whether it works, what to fix."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Annotated, Any

import typer

from cloudtrack import config
from cloudtrack.cli import output
from cloudtrack.cli.state import state
from cloudtrack.maintenance.checkup import Check, Checkup
from cloudtrack.storage.identity import identity
from cloudtrack.storage.opening import open_store

_PACKAGES = ("cloudtrack", "s3fs", "obstore", "boto3", "duckdb", "pydantic", "fsspec")


def doctor(
    stack: Annotated[
        str, typer.Option("--stack", help="Look at this stack of CloudFormation, and at its server.")
    ] = "",
    region: Annotated[str, typer.Option("--region", help="Where the stack is; the environment says it else.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Check a store, a server or a deployed stack: who am I there, what works, what does not, what to do about it."""
    place = state.store or config.store_uri()
    if stack:
        facts, checks = _stack(stack, region)
    elif place.startswith(("http://", "https://")):
        facts, checks = {"server": place}, _server(place)
    else:
        facts, checks = _store(place)
    facts |= _here()
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


def _store(place: str) -> tuple[dict[str, Any], list[Check]]:
    store = open_store(place)
    checks = Checkup(store).run()
    form = type(getattr(store, "inner", store)).__name__
    return {"store": store.url, "form": form, "identity": identity(store)}, checks


def _server(url: str) -> list[Check]:
    from cloudtrack.remote.checkup import ServerCheckup
    from cloudtrack.remote.connection import Connection

    return ServerCheckup(Connection(url)).run()


def _stack(name: str, region: str) -> tuple[dict[str, Any], list[Check]]:
    from cloudtrack.maintenance.stack_checkup import StackCheckup

    checkup = StackCheckup(name, region)
    checks = checkup.run()
    url = checkup.outputs.get("ApiUrl", "")
    return {"stack": name, "server": url}, [*checks, *(_server(url) if url else [])]


def _here() -> dict[str, Any]:
    spool = config.spool_dir()
    return {
        "user": config.user(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "spool": f"{spool} ({len(list(spool.glob('*.spool')))} file(s) waiting)",
    }


def _advice(checks: list[Check]) -> str:
    failed = next((check for check in checks if not check.ok), None)
    return "everything works" if failed is None else f"fix this first: {failed.name}: {failed.detail}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
