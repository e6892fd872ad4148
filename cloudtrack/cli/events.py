"""``cloudtrack events``: the feed of all changes to the registry."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack import clock
from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.registry.feed import MOST_EVENTS, START, FeedPage

_PAUSE_S = 2.0


def events(
    since: Annotated[
        str, typer.Option("--since", help="Where to go on: a cursor that was printed before, start or now.")
    ] = START,
    limit: Annotated[int, typer.Option(help="Read so many at the most.", min=1, max=MOST_EVENTS)] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until it is interrupted.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Print what happened in the registry after a cursor, each change once, and the cursor after it.

    With --follow and --json there is a line for every page.
    """
    feed = client().feed
    page = feed.read(since, limit)
    _show(page, as_json=as_json, in_lines=follow)
    while follow:
        if not page.events:
            clock.sleep(_PAUSE_S)
        page = feed.read(page.cursor, limit)
        if page.events:
            _show(page, as_json=as_json, in_lines=True)


def _show(page: FeedPage, *, as_json: bool, in_lines: bool) -> None:
    if as_json:
        content = {"events": [item.to_json() for item in page.events], "cursor": page.cursor}
        (output.show_json_line if in_lines else output.show_json)(content)
        return
    for item in page.events:
        event = item.event
        why = f" ({event.comment})" if event.comment else ""
        output.say(f"{output.time(event.time_ms)}  {item.title} #{event.number}  {event.actor}: {event.summary()}{why}")
    output.say(f"cursor {page.cursor}")
