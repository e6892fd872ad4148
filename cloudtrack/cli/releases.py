"""``cloudtrack releases``: several models switched and rolled back as one."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.entities.model_uri import parse_instant
from cloudtrack.entities.release import Release
from cloudtrack.registry.anchor import Anchor

app = typer.Typer(help="Switch several models as one, and roll them back.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The release's name, such as search/prod.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why; kept in the history.")]
Expect = Annotated[
    int | None, typer.Option(help="The number that the release must have, 0 for none; else it is refused.")
]


@app.command("switch")
def switch(
    name: Name,
    members: Annotated[
        list[str], typer.Argument(help="ranker=ranker/7, or ranker=ranker@champion: looked up now. Others stay.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Members that are not named go.")] = False,
    expect: Expect = None,
    comment: Comment = "",
    as_json: output.JsonOption = False,
) -> None:
    """Put members to other versions, all in one commit; the release is made where there is none."""
    pairs = [text.partition("=") for text in members]
    if bad := [text for text, (_, equals, uri) in zip(members, pairs, strict=True) if not (equals and uri)]:
        raise typer.BadParameter(f"{bad[0]!r} is not of the form member=model/version")
    asked = {member: uri for member, _, uri in pairs}
    _show(client().releases.switch(name, asked, replace=replace, expect=expect, comment=comment or None), as_json)


@app.command("rollback")
def rollback(name: Name, expect: Expect = None, comment: Comment = "", as_json: output.JsonOption = False) -> None:
    """Go back to the set before, in one commit; again, to the one before that."""
    _show(client().releases.rollback(name, expect=expect, comment=comment or None), as_json)


@app.command("list")
def list_releases(as_json: output.JsonOption = False) -> None:
    """List the names of all releases."""
    names = client().releases.names()
    if as_json:
        output.show_json(names)
    else:
        output.show_table("Releases", ("name",), [(name,) for name in names], empty="no releases")


@app.command("show")
def show(
    name: Name,
    number: Annotated[int | None, typer.Option(help="As it was at this number.", min=1)] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show all members of one number."""
    _show(client().releases.get(name, number), as_json)


@app.command("at")
def at(
    name: Name,
    time: Annotated[str, typer.Argument(help="ISO 8601, in UTC where it does not say: 2026-05-01T12:00Z.")],
    as_json: output.JsonOption = False,
) -> None:
    """Show all members as they were."""
    _show(client().releases.at(name, parse_instant(time)), as_json)


@app.command("log")
def log(name: Name, as_json: output.JsonOption = False) -> None:
    """Print every change: when, who, what and why."""
    events = client().releases.history(name)
    if as_json:
        output.show_json([event.model_dump(mode="json") for event in events])
        return
    rows = [(e.number, output.time(e.time_ms), e.actor, e.change.summary(), e.comment or "") for e in events]
    output.show_table(name, ("#", "time (UTC)", "who", "what", "why"), rows, empty="no history")


@app.command("verify")
def verify(
    name: Name,
    anchor: Annotated[
        str, typer.Option(help="What this command printed before, kept elsewhere: the history must still have it.")
    ] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Check a history's numbering and hash chain, and print an anchor for the next time. Writes nothing."""
    found = client().releases.verify(name, Anchor.parse(anchor) if anchor else None)
    if as_json:
        output.show_json({"name": name, "events": found.number, "anchor": str(found), "ok": True})
    else:
        output.say(f"{name}: {found.number} events, the chain holds; anchor {found}")


@app.command("delete")
def delete(name: Name, comment: Comment = "", as_json: output.JsonOption = False) -> None:
    """Delete a release. The history stays, and numbers go on where it is made again."""
    client().releases.delete(name, comment=comment or None)
    if as_json:
        output.show_json({"name": name, "deleted": True})
    else:
        output.say(f"deleted {name}")


def _show(release: Release, as_json: bool) -> None:
    if as_json:
        members = {name: member.model_dump() for name, member in release.members.items()}
        output.show_json({"name": release.name, "number": release.number, "members": members})
        return
    rows = [(name, member.name, member.version) for name, member in sorted(release.members.items())]
    output.show_table(
        f"{release.name} at number {release.number}", ("member", "model", "version"), rows, empty="no members"
    )
