"""Which permission each route needs, written down a second time: a route that is new, or changed, is looked at here.

What is answered with 501 needs a login.
"""

from __future__ import annotations

MATRIX = {
    "EDIT on artifact": """
        PUT /mlflow-artifacts/artifacts/{artifact_path:path}
        POST /mlflow-artifacts/mpu/abort/{artifact_path:path}
        POST /mlflow-artifacts/mpu/complete/{artifact_path:path}
        POST /mlflow-artifacts/mpu/create/{artifact_path:path}
    """,
    "EDIT on experiment": """
        POST /mlflow/experiments/delete-experiment-tag
        POST /mlflow/experiments/set-experiment-tag
        POST /mlflow/experiments/update
        POST /mlflow/logged-models
        POST /mlflow/runs/create
    """,
    "EDIT on logged model": """
        POST /cloudtrack/logged-models/{model_id}/metrics
        PATCH /mlflow/logged-models/{model_id}
        POST /mlflow/logged-models/{model_id}/params
        PATCH /mlflow/logged-models/{model_id}/tags
        DELETE /mlflow/logged-models/{model_id}/tags/{tag_key}
    """,
    "EDIT on registered model": """
        POST /cloudtrack/comments/create
        DELETE /cloudtrack/comments/delete
        PATCH /cloudtrack/comments/update
        POST /cloudtrack/model-versions/pin
        POST /cloudtrack/transition-requests/create
        DELETE /cloudtrack/transition-requests/delete
        POST /mlflow/model-versions/create
        DELETE /mlflow/model-versions/delete-tag
        POST /mlflow/model-versions/set-tag
        PATCH /mlflow/model-versions/update
        DELETE /mlflow/registered-models/alias
        POST /mlflow/registered-models/alias
        DELETE /mlflow/registered-models/delete-tag
        POST /mlflow/registered-models/set-tag
        PATCH /mlflow/registered-models/update
    """,
    "EDIT on release, by the models in it, as for a stage": """
        POST /cloudtrack/releases/delete
        POST /cloudtrack/releases/rollback
        POST /cloudtrack/releases/switch
    """,
    "EDIT on run": """
        POST /cloudtrack/runs/deliver
        POST /cloudtrack/runs/logs/append
        POST /cloudtrack/runs/resume
        PUT /cloudtrack/runs/{run_id}/source/{name}
        POST /mlflow/artifacts/presigned-upload-url
        POST /mlflow/runs/delete-tag
        POST /mlflow/runs/log-batch
        POST /mlflow/runs/log-inputs
        POST /mlflow/runs/log-metric
        POST /mlflow/runs/log-model
        POST /mlflow/runs/log-parameter
        POST /mlflow/runs/outputs
        POST /mlflow/runs/set-tag
        POST /mlflow/runs/update
        POST /mlflow/upload-artifact
    """,
    "EDIT on stage of a registered model": """
        POST /cloudtrack/model-versions/rollback
        POST /cloudtrack/transition-requests/approve
        POST /cloudtrack/transition-requests/reject
        POST /mlflow/model-versions/transition-stage
    """,
    "MANAGE on artifact": """
        DELETE /mlflow-artifacts/artifacts/{artifact_path:path}
    """,
    "MANAGE on experiment": """
        POST /cloudtrack/experiments/purge
        POST /mlflow/experiments/delete
        POST /mlflow/experiments/restore
    """,
    "MANAGE on logged model": """
        DELETE /mlflow/logged-models/{model_id}
    """,
    "MANAGE on registered model": """
        POST /cloudtrack/registered-models/anchor
        POST /cloudtrack/registered-models/set-stages
        DELETE /mlflow/model-versions/delete
        DELETE /mlflow/registered-models/delete
        POST /mlflow/registered-models/rename
    """,
    "MANAGE on run": """
        POST /cloudtrack/runs/purge
        POST /mlflow/runs/delete
        POST /mlflow/runs/restore
    """,
    "MANAGE on store": """
        POST /cloudtrack/policy/set
        GET /mlflow/webhooks
        POST /mlflow/webhooks
        DELETE /mlflow/webhooks/{webhook_id}
        GET /mlflow/webhooks/{webhook_id}
        PATCH /mlflow/webhooks/{webhook_id}
        POST /mlflow/webhooks/{webhook_id}/test
    """,
    "READ on artifact": """
        GET /mlflow-artifacts/artifacts
        GET /mlflow-artifacts/artifacts/{artifact_path:path}
        GET /mlflow-artifacts/presigned/{artifact_path:path}
    """,
    "READ on experiment": """
        GET /mlflow/experiments/get
    """,
    "READ on experiment name": """
        GET /mlflow/experiments/get-by-name
    """,
    "READ on experiments": """
        GET /cloudtrack/runs/table
        POST /mlflow/experiments/search-datasets
        POST /mlflow/logged-models/search
        POST /mlflow/runs/search
    """,
    "READ on logged model": """
        GET /mlflow/logged-models/{model_id}
        GET /mlflow/logged-models/{model_id}/artifacts/directories
        GET /mlflow/logged-models/{model_id}/artifacts/files
    """,
    "READ on registered model": """
        GET /cloudtrack/comments/list
        GET /cloudtrack/model-versions/diff
        GET /cloudtrack/model-versions/lineage
        GET /cloudtrack/model-versions/manifest
        GET /cloudtrack/model-versions/resolve
        GET /cloudtrack/models/activity
        GET /cloudtrack/models/board
        GET /cloudtrack/models/timeline
        GET /cloudtrack/policy/check
        GET /cloudtrack/policy/replay
        GET /cloudtrack/registered-models/anchors
        GET /cloudtrack/registered-models/at
        GET /cloudtrack/registered-models/blame
        GET /cloudtrack/registered-models/history
        GET /cloudtrack/registered-models/verify
        GET /cloudtrack/releases/get
        GET /cloudtrack/releases/history
        GET /cloudtrack/releases/verify
        GET /cloudtrack/transition-requests/get
        GET /cloudtrack/transition-requests/list
        GET /mlflow/model-versions/get
        GET /mlflow/model-versions/get-download-uri
        GET /mlflow/registered-models/alias
        GET /mlflow/registered-models/get
        GET /mlflow/registered-models/get-latest-versions
        POST /mlflow/registered-models/get-latest-versions
        GET /model-versions/get-artifact
    """,
    "READ on run": """
        GET /cloudtrack/runs/logs
        GET /cloudtrack/runs/page
        GET /cloudtrack/runs/source
        GET /cloudtrack/runs/{run_id}/source/{name}
        GET /get-artifact
        GET /mlflow/artifacts/list
        POST /mlflow/artifacts/presigned-download-url
        GET /mlflow/metrics/get-history
        GET /mlflow/runs/get
    """,
    "READ on run, logged model or registered model, whichever is named": """
        GET /cloudtrack/artifacts/preview
        GET /cloudtrack/artifacts/tree
        GET /cloudtrack/artifacts/url
        GET /cloudtrack/lineage
        GET /cloudtrack/models/mlmodel
    """,
    "READ on runs": """
        GET /cloudtrack/metrics/series
        GET /mlflow/metrics/get-history-bulk
        GET /mlflow/metrics/get-history-bulk-interval
    """,
    "login": """
        POST /cloudtrack/registered-models/journal
        GET /cloudtrack/activity
        GET /cloudtrack/events
        GET /cloudtrack/experiments/table
        GET /cloudtrack/model-versions/versions-from
        GET /cloudtrack/models/table
        GET /cloudtrack/permissions
        GET /cloudtrack/policy/get
        GET /cloudtrack/releases/names
        GET /cloudtrack/runs/several
        GET /cloudtrack/transition-requests/open
        GET /cloudtrack/ui-config
        GET /graphql
        POST /graphql
        POST /mlflow/experiments/create
        GET /mlflow/experiments/search
        POST /mlflow/experiments/search
        GET /mlflow/gateway-proxy
        POST /mlflow/gateway-proxy
        GET /mlflow/model-versions/search
        POST /mlflow/registered-models/create
        GET /mlflow/registered-models/search
        GET /mlflow/ui-telemetry
        POST /mlflow/ui-telemetry
    """,
    "nothing": """
        GET /
        GET /api-docs
        GET /assets/{path:path}
        GET /cloudtrack/artifacts/file
        GET /cloudtrack/artifacts/render
        GET /health
        GET /index.html
        GET /mlflow/server-info
        GET /openapi.json
        GET /version
    """,
}


def needed() -> dict[str, str]:
    """By method and path."""
    return {row.strip(): needs for needs, rows in MATRIX.items() for row in rows.strip().splitlines()}
