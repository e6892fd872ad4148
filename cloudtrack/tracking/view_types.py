"""What is in the trash, and what is not."""

from __future__ import annotations

from cloudtrack.entities.experiment import LifecycleStage, ViewType
from cloudtrack.search.expression import And, Comparison
from cloudtrack.search.filters import Query


def in_view(query: Query, view_type: int) -> Query:
    """The query, of what a search with this ``ViewType`` shows."""
    stage = LifecycleStage.DELETED if view_type == ViewType.DELETED_ONLY else LifecycleStage.ACTIVE
    shown = Comparison("attributes", "lifecycle_stage", "=", stage)
    if view_type == ViewType.ALL:  # what was purged has a row without a stage
        shown = Comparison("attributes", "lifecycle_stage", "IS NOT NULL")
    return Query(And((query.expression, shown)), query.orders)
