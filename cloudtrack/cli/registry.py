"""``cloudtrack registry``: the histories of registered models."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack import clock
from cloudtrack.cli import output, policy
from cloudtrack.cli.state import client
from cloudtrack.entities.model_uri import parse_instant
from cloudtrack.errors import CorruptData
from cloudtrack.registry.anchor import Anchor

app = typer.Typer(
    help="Histories of registered models: who changed what, when and why; also after a deletion.", no_args_is_help=True
)
app.add_typer(policy.app, name="policy")
app.command("replay")(policy.replay)

_DAY_MS = 24 * 3600 * 1000
Name = Annotated[str, typer.Argument(help="The registered model's name.")]


@app.command("log")
def log(
    name: Name,
    after: Annotated[int, typer.Option(help="Leave out so many of the first events.", min=0)] = 0,
    limit: Annotated[int | None, typer.Option(help="Show so many at the most.", min=1)] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Print every change to a model: when, who, what and why."""
    events = client().history.events(name, after=after, limit=limit)
    if as_json:
        output.show_json([event.model_dump(mode="json") for event in events])
        return
    rows = [(e.number, output.time(e.time_ms), e.actor, e.summary(), e.comment or "") for e in events]
    output.show_table(name, ("#", "time (UTC)", "who", "what", "why"), rows, empty="no history")


@app.command("verify")
def verify(
    name: Name,
    anchor: Annotated[
        str, typer.Option(help="What this command printed before, kept elsewhere: the history must still have it.")
    ] = "",
    files: Annotated[bool, typer.Option("--files", help="Read every file of every version too.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Check a history's numbering and hash chain, and print an anchor for the next time. Writes nothing."""
    store = client()
    found = store.history.verify(name, Anchor.parse(anchor) if anchor else None)
    checked = 0
    for version in store.model_versions.list(name) if files else ():
        try:
            store.verify_version(name, version.version)
        except CorruptData as error:
            raise CorruptData(f"version {version.version} of {name!r}: {error.message}") from error
        checked += 1
    if as_json:
        output.show_json({"name": name, "events": found.number, "anchor": str(found), "versions": checked, "ok": True})
        return
    if files:
        output.say(f"{name}: the files of {checked} versions are those that were registered")
    output.say(f"{name}: {found.number} events, the chain holds; anchor {found}")


@app.command("anchor")
def anchor(
    name: Name,
    lock_days: Annotated[
        int | None, typer.Option(help="Lock it for so many days; needs a bucket with Object Lock.", min=1, max=36500)
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Verify a history, keep its end as an anchor in the store, and print it to be kept elsewhere too."""
    until_ms = clock.now_ms() + lock_days * _DAY_MS if lock_days else None
    kept = client().history.keep_anchor(name, locked_until_ms=until_ms)
    if as_json:
        output.show_json({"name": name, "anchor": str(kept), "locked_until_ms": until_ms})
    else:
        output.say(str(kept))


@app.command("at")
def at(
    name: Name,
    time: Annotated[str, typer.Argument(help="ISO 8601, in UTC where it does not say: 2026-05-01T12:00Z.")],
    as_json: output.JsonOption = False,
) -> None:
    """Show a model as it was: the newest version of each stage, and the aliases."""
    model = client().history.at(name, parse_instant(time))
    if as_json:
        output.show_json(model)
        return
    rows = [(version.current_stage, version.version, version.source) for version in model.latest_versions]
    rows += [(f"@{alias}", version, "") for alias, version in model.aliases.items()]
    output.show_table(f"{name} at {time}", ("stage or alias", "version", "source"), rows, empty="no versions")


@app.command("blame")
def blame(name: Name, as_json: output.JsonOption = False) -> None:
    """Show who put the versions into their stages, and pointed the aliases to theirs."""
    found = client().history.blame(name)
    if as_json:
        output.show_json(found)
        return
    rows = [(one.place, one.version, output.time(one.time_ms), one.actor, one.comment, one.number) for one in found]
    output.show_table(name, ("where", "version", "since (UTC)", "who", "why", "event"), rows, empty="nobody")
