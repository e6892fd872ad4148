"""Finding registered models and versions: one index for all of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import PROMPT_TAG, RegisteredModel
from cloudtrack.index.collection import Hit
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.index.question import Question, question_of
from cloudtrack.index.source import Found
from cloudtrack.registry import keys
from cloudtrack.registry.model_source import IN_PROMPT, KIND, MODEL, VERSION, ModelSource, model_name
from cloudtrack.registry.stored_entities import load_model, load_version
from cloudtrack.search.expression import And, Comparison
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import Order, Query, parse_query
from cloudtrack.search.model_versions import MODEL_VERSIONS
from cloudtrack.search.registered_models import REGISTERED_MODELS

Shows = Callable[[str], bool]
"""Whether the asker may know of a model, by its name."""
_BY_NAME = [Order("attributes", "name", descending=False)]
_NEWEST_FIRST = [
    Order("attributes", "last_updated_timestamp", descending=True),
    *_BY_NAME,
    Order("attributes", "version_number", descending=True),
]


class ModelIndex(Indexes):
    """The registered models of one store and their versions, as one collection."""

    title = "registered models"
    place = keys.INDEX

    def source(self, name: str) -> ModelSource:  # noqa: ARG002 - there is one
        return ModelSource(self._store)

    def document_ids(self) -> Iterator[str]:
        yield from keys.segments(self._store)
        yield from map(keys.release_id, keys.release_segments(self._store))

    def read(self, document_id: str) -> tuple[str, Found] | None:
        found = self.source(ONE).read(document_id)
        return (ONE, found) if found else None

    def models(
        self, question: Question, max_results: int | None, page_token: str | None = None, shows: Shows | None = None
    ) -> PagedList[RegisteredModel]:
        """One page of models; all where ``max_results`` is None."""
        hits, token = self._page(question, max_results, page_token, shows)
        return PagedList((load_model(hit.text) for hit in hits), token)

    def versions(
        self, question: Question, max_results: int | None, page_token: str | None = None, shows: Shows | None = None
    ) -> PagedList[ModelVersion]:
        """One page of versions; all where ``max_results`` is None."""
        hits, token = self._page(question, max_results, page_token, shows)
        return PagedList((load_version(hit.text) for hit in hits), token)

    def _page(
        self, question: Question, max_results: int | None, page_token: str | None, shows: Shows | None
    ) -> tuple[list[Hit], str | None]:
        shows_hit = (lambda hit: shows(model_name(hit.key[-1]))) if shows else None
        return self.hits([ONE], question, max_results, page_token, shows=shows_hit)


def model_question(filter_string: str | None, order_by: Sequence[str] | None, *, prompts: bool = True) -> Question:
    """What a search for models asks. After the order that is asked for, they come by name. Raises InvalidInput.

    Without ``prompts`` it leaves those out, unless the filter names their tag.
    """
    hidden = Comparison("tags", PROMPT_TAG, "!=", "true")
    return _question(MODEL, REGISTERED_MODELS, _BY_NAME, filter_string, order_by, None if prompts else hidden)


def version_question(filter_string: str | None, order_by: Sequence[str] | None, *, prompts: bool = True) -> Question:
    """What a search for versions asks. After the order that is asked for, newer ones come first. Raises InvalidInput.

    Without ``prompts`` it leaves those of prompts out, unless the filter names their tag.
    """
    hidden = Comparison("attributes", IN_PROMPT, "IS NULL")
    return _question(VERSION, MODEL_VERSIONS, _NEWEST_FIRST, filter_string, order_by, None if prompts else hidden)


def _question(
    kind: str,
    types: Types,
    then: Sequence[Order],
    filter_string: str | None,
    order_by: Sequence[str] | None,
    unless_named: Comparison | None,
) -> Question:
    query = parse_query(filter_string, order_by, types)
    parts = [Comparison("attributes", KIND, "=", kind), query.expression]
    if unless_named is not None and PROMPT_TAG not in (filter_string or ""):
        parts.append(unless_named)
    words = kind, filter_string or "", list(order_by or ()), unless_named is None
    return question_of(Query(And(tuple(parts)), query.orders), types, then, *words)
