"""What a search asks of collections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cloudtrack.index.ranking import Ranking, Term
from cloudtrack.search.expression import Expression
from cloudtrack.search.fields import Types, find_field
from cloudtrack.search.filters import Order, Query


@dataclass(frozen=True)
class Question:
    """Which rows, in which order, and the words that its page tokens are good for."""

    expression: Expression
    ranking: Ranking
    text: str


def question_of(query: Query, types: Types, then: Sequence[Order], *words: Any) -> Question:
    """The question that a query puts, in the order ``then`` where its own does not decide.

    ``words`` are what the query was made of, as JSON has it.
    """
    terms = [
        Term(f"{order.kind}.{order.key}", order.descending, find_field(types, order.kind, order.key).type is float)
        for order in [*query.orders, *then]
    ]
    return Question(query.expression, Ranking(terms), json.dumps(words))
