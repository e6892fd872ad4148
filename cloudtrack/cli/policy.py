"""``cloudtrack registry policy``: what versions must have and be before they come to a stage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.errors import InvalidInput

app = typer.Typer(help="Show, set and try the policy for transitions, policy.yaml.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The registered model's name.")]


@app.command("show")
def show() -> None:
    """Print the policy."""
    output.say(client().policy.get().rstrip("\n"))


@app.command("set")
def set_policy(
    file: Annotated[Path, typer.Argument(help="A YAML file.", exists=True, dir_okay=False)],
    as_json: output.JsonOption = False,
) -> None:
    """Put a policy in place of the present one; it counts from the next transition on."""
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not UTF-8") from error
    client().policy.set(text)
    if as_json:
        output.show_json({"policy": text})
    else:
        output.say("the policy counts from now on")


@app.command("check")
def check(
    name: Name,
    version: Annotated[int, typer.Argument(help="The version's number.")],
    stage: Annotated[str, typer.Argument(help="The stage.")] = "Production",
    as_json: output.JsonOption = False,
) -> None:
    """Try whether the policy would let a version come to a stage now; nothing moves. Exit code 1 where not."""
    decision = client().policy.check(name, version, stage)
    if as_json:
        output.show_json(None if decision is None else decision.model_dump(mode="json"))
    elif decision is None:
        output.say("there is no policy: any version may come to any stage")
    else:
        rows = [(one.rule, one.requirement, "yes" if one.passed else "NO", one.detail) for one in decision.checks]
        output.show_table(
            f"{name} {version} in {decision.stage}",
            ("rule", "requirement", "met", "why"),
            rows,
            empty="no rule applies",
        )
    if decision is not None and not decision.allowed:
        raise typer.Exit(1)


def replay(name: Name, as_json: output.JsonOption = False) -> None:
    """Judge every recorded decision again from the history alone. Exit code 1 where one does not agree."""
    found = client().policy.replay(name)
    if as_json:
        output.show_json(found)
    else:
        rows = [
            (
                one.number,
                output.time(one.time_ms),
                one.actor,
                f"{one.version} in {one.stage}",
                one.outcome,
                "; ".join(one.disagreements) or "agrees",
            )
            for one in found
        ]
        columns = ("event", "time (UTC)", "who", "version", "outcome", "judged again")
        output.show_table(name, columns, rows, empty="no decisions")
    if any(one.disagreements for one in found):
        raise typer.Exit(1)
