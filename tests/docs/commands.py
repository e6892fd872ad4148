"""Do the commands and options that a block names exist?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer

_ENDS = {"|", "||", "&&", ";", "&", ")", ">", "<", ">>"}


def unknown(text: str) -> list[str]:
    """What the block's lines say after ``cloudtrack`` and the command does not know."""
    return [wrong for words in _lines(text) for wrong in _wrong(_root(), words)]


def _lines(text: str) -> Iterator[list[str]]:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();&|<>")
        lexer.commenters, lexer.whitespace_split = "#", True
        try:
            words = list(lexer)
        except ValueError:  # a quote that goes on over lines
            continue
        while "cloudtrack" in words:
            words = words[words.index("cloudtrack") + 1 :]
            end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
            if end:
                yield words[:end]


def _wrong(command: Any, words: list[str]) -> Iterator[str]:
    options = {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        name, _, value = word.partition("=")
        if word == "--":
            return
        if name.startswith("-") and len(name) > 1 and not name[1].isdigit():
            option = options.get(name) or (options.get(name[:2]) if not name.startswith("--") else None)
            if name == "--help":
                continue
            if option is None:
                yield f"cloudtrack {command.name}: no option {name}"
            elif not option.is_flag and not value and name in option.opts:
                place += 1
        elif hasattr(command, "commands"):
            for one in word.split("|"):
                if one not in command.commands:
                    yield f"cloudtrack {command.name}: no command {one}"
                    return
            yield from _wrong(command.commands[word.split("|")[0]], words[place:])
            return


@cache
def _root() -> Any:
    from cloudtrack.cli.main import app

    return typer.main.get_command(app)
