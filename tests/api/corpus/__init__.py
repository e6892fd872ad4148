"""Requests, good and bad, whose answers by a real MLflow server are kept as golden files."""

from tests.api.corpus import (
    artifacts,
    experiments,
    graphql,
    logged_models,
    malformed,
    refused,
    registry,
    runs,
    search_runs,
    webhooks,
)
from tests.api.corpus.steps import Step

SCENARIOS: dict[str, list[Step]] = {
    "experiments": experiments.STEPS,
    "runs": runs.STEPS,
    "search_runs": search_runs.STEPS,
    "registry": registry.STEPS,
    "logged_models": logged_models.STEPS,
    "artifacts": artifacts.STEPS,
    "webhooks": webhooks.STEPS,
    "graphql": graphql.STEPS,
    "malformed": malformed.STEPS,
    "refused": refused.STEPS,
}
"""Played in this order on one server."""
