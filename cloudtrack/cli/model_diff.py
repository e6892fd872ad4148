"""``cloudtrack models diff``: what one version has that another has not."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.entities.model_uri import version_uri
from cloudtrack.lineage.version_diff import Difference, Side, VersionDiff


def diff(
    first: Annotated[str, typer.Argument(metavar="NAME|URI", help="A model's name, or the URI of a version.")],
    second: Annotated[str, typer.Argument(metavar="VERSION|URI", help="The first version's number, or a URI.")],
    third: Annotated[str, typer.Argument(metavar="[VERSION]", help="The second version's number.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Show how two versions differ: files, flavors, signature, requirements, params, metrics, code; no weights."""
    if third and not (second.isdecimal() and third.isdecimal()):
        raise typer.BadParameter("give a name and two numbers, or two URIs")
    uris = (version_uri(first, int(second)), version_uri(first, int(third))) if third else (first, second)
    found = client().diffs.diff(*uris)
    if as_json:
        output.show_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _show(found: VersionDiff) -> None:
    before, after = _title(found.before), _title(found.after)
    rows = [(file.path, file.change, _size(file.before_bytes), _size(file.after_bytes)) for file in found.files]
    output.show_table("Files", ("path", "change", before, after), rows, empty="the files are the same")
    for name in ("flavors", "signature", "requirements", "tags", "params"):
        differences: list[Difference] = getattr(found, name)
        if differences:
            cells = [(each.key, each.before, each.after) for each in differences]
            output.show_table(name.capitalize(), ("name", before, after), cells, empty="")
    if found.metrics:
        numbers = [(each.key, _number(each.before), _number(each.after), _number(each.by)) for each in found.metrics]
        output.show_table("Metrics", ("name", before, after, "difference"), numbers, empty="")
    if found.before.git_commit != found.after.git_commit:
        output.say(f"code: {found.before.git_commit or 'no commit'} -> {found.after.git_commit or 'no commit'}")
    for line in found.patch.splitlines():
        output.say(line)
    for line in found.left_out:
        output.say(f"left out: {line}")


def _title(side: Side) -> str:
    return f"{side.name}/{side.version}"


def _size(size_bytes: int | None) -> str:
    return "" if size_bytes is None else output.size(size_bytes)


def _number(value: object) -> str:
    return output.number(value) if isinstance(value, int | float) else ""
