"""``python -m cloudtrack.ui build | publish s3://bucket/prefix | path``: the web page of a checkout."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cloudtrack.api.bundle import BUILT, Bundle
from cloudtrack.errors import CloudtrackError
from cloudtrack.ui import building
from cloudtrack.ui.publishing import publish

app = typer.Typer(help="The web page.", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command("build")
def build_command() -> None:
    """Build the page from its sources, with Node."""
    print(building.build())


@app.command("publish")
def publish_command(
    url: Annotated[str, typer.Argument(help="s3://bucket/prefix, with options as in a store's URL.")],
) -> None:
    """Write the built page into a bucket, index.html last; what was there stays."""
    for name in publish(Bundle().files(), url):
        print(name, flush=True)


@app.command("path")
def path_command() -> None:
    """Print the folder of the built page."""
    print(BUILT)


def main() -> None:
    """Run the command of this process."""
    try:
        app()
    except (building.BuildFailed, CloudtrackError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
