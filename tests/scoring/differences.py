"""Where our answer is another than MLflow's on purpose, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """The status that we answer, and the reason."""

    status: int
    reason: str


_PAGES = "there are no pages for people, and no redirects"
_CAUSED = "a request without a Content-Type is the caller's mistake: no 500"
_TEXT = "a text column takes text; models.enforcement says so for all ways to predict"
_REQUIRED = "a required column has no missing values; models.enforcement says so for all ways to predict"
_WRAPS = "a number beyond its type is refused; there it becomes another number"
_TRUTH = "text is neither true nor false; there any text is true, even 'false'"
_DATES = "CSV can hold dates and base64; there a model with a column of dates takes no CSV"
_WIDENS = "integers in a list widen to double, as they do in a column"
_LISTS = "columns of lists are read in every form"
_ROWS = "rows are read by position in every form; there all their values must be of one type"
_SAME_BYTES = "the same bytes; there of numpy's own type"

DIFFERENCES: dict[tuple[str, str], Difference] = {
    ("plain", "invocations with a slash"): Difference(404, _PAGES),
    ("plain", "documentation"): Difference(404, _PAGES),
    ("plain", "openapi"): Difference(404, _PAGES),
    ("plain", "no content type"): Difference(415, _CAUSED),
    ("mixed", "as inputs"): Difference(200, _SAME_BYTES),
    ("mixed", "as csv"): Difference(200, _DATES),
    ("mixed", "when that is null"): Difference(400, _REQUIRED),
    ("mixed", "text that is a number"): Difference(400, _TEXT),
    ("mixed", "text that is null"): Difference(400, _REQUIRED),
    ("mixed", "bool that is text"): Difference(400, _TRUTH),
    ("light", "n beyond int64"): Difference(400, _WRAPS),
    ("light", "small that is too large"): Difference(400, _WRAPS),
    ("light", "small that is a large float"): Difference(400, _WRAPS),
    ("light", "n that is a float beyond int64"): Difference(400, _WRAPS),
    ("light", "text that is a number"): Difference(400, _TEXT),
    ("light", "text that is a list"): Difference(400, _TEXT),
    ("light", "text of which one is a number"): Difference(400, _TEXT),
    ("light", "flag that is text"): Difference(400, _TRUTH),
    ("light", "csv of all"): Difference(200, _DATES),
    ("light", "csv of a date"): Difference(200, _DATES),
    ("unnamed", "inputs of rows"): Difference(200, _ROWS),
    ("unnamed", "instances of rows"): Difference(200, _ROWS),
    ("texts", "split of numbers"): Difference(400, _TEXT),
    ("nested", "numbers that are integers"): Difference(200, _WIDENS),
    ("nested", "numbers as inputs"): Difference(200, _LISTS),
    ("nested", "numbers as instances"): Difference(200, _LISTS),
}
