"""An entry point's command with its values, which reach the program as data whatever they contain.

Values are not put into the text that the shell reads. It reads ``${1}``, ``${2}`` ..., its positional parameters, whose
expansion is never read as a command (POSIX shell, 2.6), and quotes around them are closed and opened as needed.
"""

from __future__ import annotations

import shutil
import string
from collections.abc import Mapping

from cloudtrack.errors import InvalidInput, MissingDependency
from cloudtrack.projects.project_file import PARAMETER_NAME


def command_of(template: str, values: Mapping[str, str], extra: Mapping[str, str]) -> list[str]:
    """The words of a command: a shell, its text, and the values.

    ``{name}`` in the template stands for a value, ``{{`` and ``}}`` for braces; ``extra`` values follow as
    ``--name value``. Raises InvalidInput for a place without a value, and for a value that no command can take.
    """
    arguments: list[str] = []

    def place(value: str, name: str) -> int:
        if "\0" in value:
            raise InvalidInput(f"the value of parameter {name!r} has a NUL character, which no command can take")
        arguments.append(value)
        return len(arguments)

    text, quotes = "", ""
    for literal, name, form, conversion in _parsed(template):
        text += literal
        quotes = _quotes_after(literal, quotes)
        if name is None:
            continue
        if form or conversion or name not in values:
            there = ", ".join(values) or "none"
            raise InvalidInput(f"the command has a place {{{name}}} for which there is no parameter; it has: {there}")
        text += _PLACES.get(quotes[-1:], _PLACES[""]).format(place(values[name], name))
    for name, value in extra.items():
        if not PARAMETER_NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} is no name of a parameter: letters, digits, '_', '-' and '.'")
        text += f" --{name} {_PLACES[''].format(place(value, name))}"
    return [shell(), "-c", text, "project", *arguments]


_PLACES = {"": '"${{{}}}"', '"': "${{{}}}", "'": "'\"${{{}}}\"'"}
"""A value's place in the text, by the quotes that are open there."""


def shell() -> str:
    """The shell that reads commands. Raises MissingDependency."""
    found = shutil.which("bash") or shutil.which("sh")
    if found is None:
        raise MissingDependency("there is no shell: install bash")
    return found


def shown(words: list[str]) -> str:
    """The command for people, with its values in place."""
    import shlex

    _, _, text, _, *arguments = words
    for number, value in reversed(list(enumerate(arguments, 1))):
        text = text.replace(f'"${{{number}}}"', shlex.quote(value)).replace(f"${{{number}}}", value)
    return text


def _parsed(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(string.Formatter().parse(template))
    except ValueError as error:
        raise InvalidInput(f"the command {template!r} cannot be read: {error}; write {{{{ for a brace") from error


def _quotes_after(text: str, quotes: str) -> str:
    """The quotes that are open after a piece of a command, the innermost last; a parenthesis begins anew."""
    is_escaped = False
    before = ""
    for char in text:
        innermost = quotes[-1:]
        if is_escaped:
            is_escaped = False
        elif char == "\\" and innermost != "'":
            is_escaped = True
        elif char in "\"'" and innermost == char:
            quotes = quotes[:-1]
        elif (innermost in ("", "(") and char in "\"'(") or (innermost == '"' and before + char == "$("):
            quotes += char
        elif char == ")" and innermost == "(":
            quotes = quotes[:-1]
        before = char
    return quotes
