"""Answers of the application, written down for a page that has no server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cloudtrack.api.app import App
from cloudtrack.api.message import Request, Response
from cloudtrack.errors import StateError
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.ui.asked import Query, Question, canonical, folder_of

_MOST_NAMED_COLUMNS = 999
"""The server takes 1000 words, of which one is ``auto``."""
_WRONG, _FAILED = 400, 500
_DAMAGED = "DATA_LOSS"


class Answers:
    """Asks the application, in this process, and keeps what it says."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self.damaged: list[str] = []
        """Requests about something that is damaged in the store."""

    def freeze(self, folder: str, questions: Iterable[Question]) -> int:
        """Write the answers that are kept in a folder, and their index, also of none; how many there are."""
        found = map_in_order(lambda question: list(self._write_pages(question)), questions)
        answers = dict(pair for pairs in found for pair in pairs)
        write_index(self._folder / folder, answers)
        return len(answers)

    def _write_pages(self, question: Question) -> Iterator[tuple[str, str]]:
        field_name, parameter = question.asked.next
        cursor: list[tuple[str, str]] = []
        while True:
            answer = self._answer(question, cursor)
            if answer is None:
                return
            text = canonical([*question.query, *cursor])
            yield text, write_answer(self._folder / folder_of(question.asked), text, answer.whole_body())
            after = answer.json().get(field_name)
            if not after:
                return
            cursor = [(parameter, str(after))]

    def _answer(self, question: Question, cursor: Query) -> Response | None:
        query = [*question.query, *question.more, *cursor]
        answer = self.ask(question.path, query)
        return self._widest(question, query, answer) if answer and question.asked.all_columns else answer

    def _widest(self, question: Question, query: Query, answer: Response) -> Response:
        """The table with all the columns that its runs have, or the most frequent ones: no rows are lost for them."""
        told = answer.json()
        facts = sorted(told["catalogue"], key=lambda facts: -facts["count"])
        names = [facts["name"] for facts in facts][:_MOST_NAMED_COLUMNS]
        while names:
            wide = self.ask(question.path, [*query, ("columns", "auto"), *(("columns", name) for name in names)])
            if wide is not None and wide.json()["rows"] >= told["rows"]:
                return wide
            names = names[: len(names) // 2]
        return answer

    def ask(self, route: str, query: Query) -> Response | None:
        """The answer; None for what is not there, such as the MLmodel of a version that has none, or is damaged.

        Raises StateError for an answer that says that asking failed.
        """
        answer = self._app(Request("GET", f"/ajax-api/2.0/{route}", query))
        if answer.status < _WRONG:
            return answer
        if answer.status >= _FAILED:
            told = answer.json()
            shown = f"{route}?{canonical(query)}"
            if told.get("error_code") != _DAMAGED:
                raise StateError(f"{shown} was answered {answer.status}: {told.get('message', '')}")
            self.damaged.append(shown)
        return None


def write_answer(folder: Path, query: str, body: bytes) -> str:
    """Keep the answer to a canonical query; the name of its file."""
    name = f"{hashlib.sha256(query.encode()).hexdigest()[:32]}.json"
    write(folder / name, body)
    return name


def write_index(folder: Path, answers: dict[str, str]) -> None:
    """Say which query is in which file."""
    write(folder / "index.json", as_json({"format": 1, "answers": dict(sorted(answers.items()))}))


def as_json(content: Any) -> bytes:
    """A body without spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def write(path: Path, content: bytes) -> None:
    """Write a file, and make the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
