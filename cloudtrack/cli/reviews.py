"""Commands of ``cloudtrack models`` that review: requests for transitions, their approval, and comments."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.entities.transition_request import RequestStatus, TransitionRequest

Name = Annotated[str, typer.Argument(help="The registered model's name.")]
Version = Annotated[int, typer.Argument(help="The version's number.")]
Id = Annotated[int, typer.Argument(metavar="REQUEST", help="The request's number, as `models requests` shows it.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why; kept in the history.")]


def request(
    name: Name,
    version: Version,
    stage: Annotated[str, typer.Argument(help="Staging, Production, or another stage of the model.")] = "Production",
    archive_existing: Annotated[
        bool, typer.Option("--archive-existing/--keep-existing", help="Archive the stage's present versions.")
    ] = True,
    comment: Comment = "",
    as_json: output.JsonOption = False,
) -> None:
    """Ask that a version moves to a stage."""
    archive = archive_existing and stage.lower() not in ("none", "archived")
    made = client().approvals.request(name, version, stage, archive_existing_versions=archive, comment=comment or None)
    _show(made, as_json=as_json)


def requests(
    name: Name,
    version: Annotated[int | None, typer.Argument(help="One version; all by default.")] = None,
    as_json: output.JsonOption = False,
) -> None:
    """List the requests that are open."""
    found = client().approvals.list(name, version)
    if as_json:
        output.show_json(found)
        return
    rows = [
        (
            one.id,
            one.version,
            one.to_stage,
            one.user_id,
            output.time(one.creation_timestamp),
            ", ".join(approval.user_id for approval in one.approvals),
            one.comment,
        )
        for one in found
    ]
    columns = ("request", "version", "to", "who", "when (UTC)", "approved by", "why")
    output.show_table(name, columns, rows, empty="no open requests")


def approve(name: Name, request_id: Id, comment: Comment = "", as_json: output.JsonOption = False) -> None:
    """Approve a request; the last approval that is needed moves the version."""
    _show(client().approvals.approve(name, request_id, comment=comment or None), as_json=as_json)


def reject(name: Name, request_id: Id, comment: Comment = "", as_json: output.JsonOption = False) -> None:
    """Close a request, and move nothing."""
    _show(client().approvals.reject(name, request_id, comment=comment or None), as_json=as_json)


def withdraw(name: Name, request_id: Id, comment: Comment = "", as_json: output.JsonOption = False) -> None:
    """Take back your own request."""
    _show(client().approvals.withdraw(name, request_id, comment=comment or None), as_json=as_json)


def comment(
    name: Name,
    version: Version,
    text: Annotated[str | None, typer.Argument(help="What to say; without it, what was said is shown.")] = None,
    request_id: Annotated[int | None, typer.Option("--request", help="The open request that it is about.")] = None,
    edit: Annotated[int | None, typer.Option("--edit", help="Your own comment to change.")] = None,
    delete: Annotated[int | None, typer.Option("--delete", help="Your own comment to take back.")] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Say something of a version, or show what was said."""
    store = client()
    if delete is not None:
        store.comments.delete(name, delete)
    elif text is not None and edit is not None:
        store.comments.update(name, edit, text)
    elif text is not None:
        store.comments.create(name, version, text, request_id=request_id)
    found = store.comments.list(name, version)
    if as_json:
        output.show_json(found)
        return
    rows = [
        (one.id, one.user_id, output.time(one.last_updated_timestamp), one.request_id, one.comment) for one in found
    ]
    output.show_table(f"{name} {version}", ("#", "who", "when (UTC)", "request", "what"), rows, empty="no comments")


def _show(found: TransitionRequest, *, as_json: bool) -> None:
    if as_json:
        output.show_json(found)
        return
    given = ", ".join(approval.user_id for approval in found.approvals)
    what = f"request {found.id} for {found.name} version {found.version} in {found.to_stage} is {found.status}"
    if found.status == RequestStatus.OPEN and given:
        what += f", and needs more approvals than {given}'s"
    output.say(what)
