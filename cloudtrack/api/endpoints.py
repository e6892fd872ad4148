"""The table of all endpoints."""

from __future__ import annotations

from cloudtrack.api import web
from cloudtrack.api.cloudtrack import comments, events, lineage, policy, purges, releases, series, transition_requests
from cloudtrack.api.cloudtrack import logged_models as own_logged_models
from cloudtrack.api.cloudtrack import model_versions as own_model_versions
from cloudtrack.api.cloudtrack import registered_models as own_registered_models
from cloudtrack.api.cloudtrack import runs as own_runs
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.mlflow import (
    artifacts,
    experiments,
    graphql,
    logged_models,
    metrics,
    model_versions,
    not_implemented,
    presigned,
    registered_models,
    runs,
    web_page,
    webhooks,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    *experiments.ENDPOINTS,
    *runs.ENDPOINTS,
    *metrics.ENDPOINTS,
    *logged_models.ENDPOINTS,
    *registered_models.ENDPOINTS,
    *model_versions.ENDPOINTS,
    *artifacts.ENDPOINTS,
    *presigned.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *own_runs.ENDPOINTS,
    *purges.ENDPOINTS,
    *series.ENDPOINTS,
    *own_logged_models.ENDPOINTS,
    *own_registered_models.ENDPOINTS,
    *own_model_versions.ENDPOINTS,
    *transition_requests.ENDPOINTS,
    *comments.ENDPOINTS,
    *policy.ENDPOINTS,
    *events.ENDPOINTS,
    *lineage.ENDPOINTS,
    *releases.ENDPOINTS,
    *graphql.ENDPOINTS,
    *web_page.ENDPOINTS,
    *web.ENDPOINTS,
    *not_implemented.ENDPOINTS,
)
