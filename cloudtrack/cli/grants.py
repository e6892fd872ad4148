"""``cloudtrack grant`` and ``cloudtrack share``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from cloudtrack import clock
from cloudtrack.cli import output
from cloudtrack.cli.durations import seconds
from cloudtrack.cli.experiments import find
from cloudtrack.cli.state import store_client
from cloudtrack.errors import InvalidInput

app = typer.Typer(help="Let somebody without a login send one run; bring what was sent to it.", no_args_is_help=True)

Expires = Annotated[
    int, typer.Option("--expires", parser=seconds, metavar="DURATION", help="When it ends: 30m, 6h, 7d at most.")
]
GrantId = Annotated[str, typer.Argument(metavar="GRANT", help="The id that the list shows.")]
_SIZE = re.compile(r"([0-9]{1,9}) ?([KMGT])iB")
_POWERS = {"K": 10, "M": 20, "G": 30, "T": 40}


def _bytes(size: str) -> int:
    match = _SIZE.fullmatch(size)
    if not match:
        raise typer.BadParameter(f"{size!r} is no size: write 500MiB or 10GiB")
    return int(match[1]) << _POWERS[match[2]]


@app.command("run")
def run(
    experiment: Annotated[str, typer.Option("--experiment", "-e", help="Name or id of the run's experiment.")],
    expires: Expires,
    target: Annotated[Path, typer.Option("--output", "-o", help="The file to write, for its owner alone.")] = Path(
        "run.grant"
    ),
    run_name: Annotated[str, typer.Option("--name", help="The run's name.")] = "",
    max_size: Annotated[
        int, typer.Option("--max-size", parser=_bytes, metavar="SIZE", help="Of the run's artifacts in all.")
    ] = "10GiB",  # type: ignore[assignment]  # parsed as if it were given
    as_json: output.JsonOption = False,
) -> None:
    """Make a run, and a file by which whoever has it can log that run, and do nothing else, until it ends."""
    from cloudtrack.grants.grant_file import open_new
    from cloudtrack.grants.grants import Grants

    store = store_client()
    its_experiment = find(store, experiment)
    handle = open_new(target)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            grant, warning = Grants(store).make(its_experiment, expires, run_name=run_name or None, max_bytes=max_size)
            stream.write(grant.model_dump_json())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if warning:
        output.complain(warning)
    if as_json:
        said = grant.model_dump(exclude={"slots", "headers"})
        output.show_json({**said, "path": str(target), "slots": len(grant.slots), "warning": warning})
        return
    output.say(f"grant   {grant.grant_id}")
    output.say(f"run     {grant.run_id}  {grant.run_name}")
    output.say(f"until   {output.time(grant.expires)} UTC")
    output.say(f"file    {target}: whoever has it can send this run; hand it on as you would a password")
    output.say(f"use     CLOUDTRACK_URI=grant:{target} python train.py")
    output.say(f"then    cloudtrack grant collect {grant.grant_id}")


@app.command("list")
def list_grants(as_json: output.JsonOption = False) -> None:
    """List grants, oldest first, but for those that gc has removed."""
    from cloudtrack.grants.grants import Grants

    found = Grants(store_client()).list()
    now = clock.now_ms()
    if as_json:
        fields = (
            "grant_id",
            "run_id",
            "experiment_id",
            "created",
            "created_by",
            "expires",
            "revoked",
            "closed",
            "refused",
        )
        output.show_json(
            [{**{name: getattr(each, name) for name in fields}, "state": each.state(now)} for each in found]
        )
        return
    rows = [
        (
            each.grant_id,
            each.run_id,
            each.state(now),
            output.time(each.expires),
            each.created_by,
            len(each.refused) or "",
        )
        for each in found
    ]
    columns = ("id", "run", "state", "expires (UTC)", "by", "refused")
    output.show_table("Grants", columns, rows, empty="no grants")


@app.command("collect")
def collect(
    grant_id: Annotated[str, typer.Argument(metavar="[GRANT]", help="The id that the list shows.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every grant that is not closed.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Bring what was sent by grants to their runs. Safe to repeat, and for several at once; exit code 1 where something
    was refused."""
    from cloudtrack.grants.collecting import Collector

    if bool(grant_id) == everything:
        raise InvalidInput("name one grant, or say --all")
    collector = Collector(store_client())
    found = collector.collect_all() if everything else [collector.collect(grant_id)]
    if as_json:
        output.show_json(found)
    else:
        for each in found:
            if each.problem:
                output.complain(f"{each.grant_id}  {each.problem}")
                continue
            dropped = f", {each.dropped} dropped" if each.dropped else ""
            closed = ", closed" if each.is_closed else ""
            output.say(
                f"{each.grant_id}  run {each.run_id} {each.status}: {each.deliveries} deliveries, {each.files} files"
                f"{dropped}{closed}"
            )
            for slot, reason in sorted(each.refused.items()):
                output.complain(f"{each.grant_id}  slot {slot} is refused: {reason}")
        if not found:
            output.say("no grant is open")
    if any(each.refused or each.problem for each in found):
        raise typer.Exit(1)


@app.command("revoke")
def revoke(grant_id: GrantId, as_json: output.JsonOption = False) -> None:
    """Bring nothing more to a grant's run. Storage takes what is sent until it ends: signatures are not taken back."""
    from cloudtrack.grants.grants import Grants

    grant = Grants(store_client()).revoke(grant_id)
    if as_json:
        output.show_json({"revoked": grant.grant_id, "expires": grant.expires})
    else:
        output.say(
            f"revoked {grant.grant_id}: until {output.time(grant.expires)} UTC its holder can still fill slots, which "
            "nobody reads; deactivating the credentials that signed it ends that at once"
        )


def share(
    run_id: Annotated[str, typer.Argument(help="The run's id.")],
    expires: Annotated[
        int | None,
        typer.Option("--expires", parser=seconds, metavar="DURATION", help="Put it into the bucket, and print a link."),
    ] = None,
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Write the page to this file.")] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show one run to whoever has no login: a page for reading, by a link that ends, or as a file without links."""
    from cloudtrack.grants.grant_file import open_new
    from cloudtrack.grants.shares import Shares

    if expires is None and target is None:
        raise InvalidInput("say --expires 2h for a link, which needs a bucket, or --output FILE for a file")
    shares = Shares(store_client())
    published = shares.publish(run_id, expires) if expires is not None else None
    if target is not None:
        html = published.html if published else shares.page(run_id)
        with os.fdopen(open_new(target), "w", encoding="utf-8") as stream:
            stream.write(html)
    if published and published.warning:
        output.complain(published.warning)
    if as_json:
        said = {"url": published.url, "key": published.key, "expires": published.expires} if published else {}
        output.show_json({"run_id": run_id, **said, "path": str(target) if target else None})
    elif published:
        output.say(published.url)
    else:
        output.say(f"wrote {target}")
