"""``cloudtrack tokens``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cloudtrack import clock
from cloudtrack.access.tokens import Tokens
from cloudtrack.cli import output
from cloudtrack.cli.durations import seconds
from cloudtrack.cli.state import store_client

app = typer.Typer(help="Make, list and revoke API tokens.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Whom the token proves, such as a mail address or train-job.")],
    admin: Annotated[bool, typer.Option("--admin", help="The token may do everything.")] = False,
    group: Annotated[list[str] | None, typer.Option("--group", help="A group; may be given again.")] = None,
    expires: Annotated[
        int | None,
        typer.Option(
            "--expires", parser=seconds, metavar="DURATION", help="When it ends: 30m, 6h, 90d. Default: never."
        ),
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Make a token. It is shown now, and never again."""
    store = store_client(create=True)
    token, info = Tokens(store.store).create(
        name,
        admin=admin,
        groups=group or (),
        expires_in_s=expires,
        description=description,
        created_by=store.user,
    )
    if as_json:
        output.show_json({"token": token, **asdict(info)})
        return
    output.show_fields({"id": info.token_id, "for": info.principal, "expires": output.time(info.expires) or "never"})
    output.say("\nThis is the only time the token is shown. To use it:\n")
    output.say(f"  export MLFLOW_TRACKING_TOKEN={token}")


@app.command("list")
def list_tokens(as_json: output.JsonOption = False) -> None:
    """List all tokens, oldest first; the tokens themselves are not known."""
    found = Tokens(store_client().store).list()
    if as_json:
        output.show_json(found)
        return
    now = clock.now_ms()
    rows = [
        (
            info.token_id,
            info.principal,
            info.state(now),
            output.time(info.expires) or "never",
            ", ".join((*(["admin"] if info.admin else []), *(f"group:{group}" for group in info.groups))),
            info.created_by,
            info.description,
        )
        for info in found
    ]
    columns = ("id", "for", "state", "expires (UTC)", "rights", "by", "description")
    output.show_table("API tokens", columns, rows, empty="no tokens")


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The id that the list shows.")],
    as_json: output.JsonOption = False,
) -> None:
    """End a token for ever. A server that remembers it may take it for half a minute more."""
    Tokens(store_client().store).revoke(token_id)
    if as_json:
        output.show_json({"revoked": token_id})
    else:
        output.say(f"revoked {token_id}")
