"""The table of all endpoints."""

from __future__ import annotations

from cloudtrack.api import page_files, web
from cloudtrack.api.cloudtrack import (
    activity,
    boards,
    comments,
    events,
    experiment_table,
    journals,
    lineage,
    mlmodels,
    policy,
    previews,
    purges,
    releases,
    run_logs,
    run_page,
    run_table,
    series,
    several_runs,
    transition_requests,
    ui_config,
)
from cloudtrack.api.cloudtrack import artifacts as own_artifacts
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
    *run_page.ENDPOINTS,
    *run_logs.ENDPOINTS,
    *series.ENDPOINTS,
    *run_table.ENDPOINTS,
    *several_runs.ENDPOINTS,
    *experiment_table.ENDPOINTS,
    *ui_config.ENDPOINTS,
    *own_logged_models.ENDPOINTS,
    *own_registered_models.ENDPOINTS,
    *own_model_versions.ENDPOINTS,
    *transition_requests.ENDPOINTS,
    *comments.ENDPOINTS,
    *policy.ENDPOINTS,
    *events.ENDPOINTS,
    *lineage.ENDPOINTS,
    *releases.ENDPOINTS,
    *own_artifacts.ENDPOINTS,
    *previews.ENDPOINTS,
    *boards.ENDPOINTS,
    *activity.ENDPOINTS,
    *journals.ENDPOINTS,
    *mlmodels.ENDPOINTS,
    *graphql.ENDPOINTS,
    *web_page.ENDPOINTS,
    *web.ENDPOINTS,
    *page_files.ENDPOINTS,
    *not_implemented.ENDPOINTS,
)
