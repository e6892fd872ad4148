"""Every method and path of MLflow 3.17.2's REST interface: its protobuf services, and the routes beside them."""

from __future__ import annotations

import re

_ANSWERED = """
GET /api/3.0/mlflow/server-info
GET,PUT,DELETE /api/2.0/mlflow-artifacts/artifacts/{artifact_path}
GET /api/2.0/mlflow-artifacts/artifacts
POST /api/2.0/mlflow-artifacts/mpu/create/{artifact_path}
POST /api/2.0/mlflow-artifacts/mpu/complete/{artifact_path}
POST /api/2.0/mlflow-artifacts/mpu/abort/{artifact_path}
GET /api/2.0/mlflow-artifacts/presigned/{artifact_path}
GET /api/2.0/mlflow/artifacts/list
POST /api/2.0/mlflow/artifacts/presigned-upload-url
POST /api/2.0/mlflow/artifacts/presigned-download-url
GET /api/2.0/mlflow/experiments/get-by-name
POST /api/2.0/mlflow/experiments/create
POST,GET /api/2.0/mlflow/experiments/search
GET /api/2.0/mlflow/experiments/get
POST /api/2.0/mlflow/experiments/delete
POST /api/2.0/mlflow/experiments/restore
POST /api/2.0/mlflow/experiments/update
POST /api/2.0/mlflow/experiments/set-experiment-tag
POST /api/2.0/mlflow/experiments/delete-experiment-tag
POST /api/2.0/mlflow/experiments/search-datasets
POST /api/2.0/mlflow/runs/log-metric
GET /api/2.0/mlflow/metrics/get-history
GET /api/2.0/mlflow/metrics/get-history-bulk-interval
POST /api/2.0/mlflow/runs/create
POST /api/2.0/mlflow/runs/update
POST /api/2.0/mlflow/runs/delete
POST /api/2.0/mlflow/runs/restore
POST /api/2.0/mlflow/runs/log-parameter
POST /api/2.0/mlflow/runs/set-tag
POST /api/2.0/mlflow/runs/delete-tag
GET /api/2.0/mlflow/runs/get
POST /api/2.0/mlflow/runs/search
POST /api/2.0/mlflow/runs/log-batch
POST /api/2.0/mlflow/runs/log-model
POST /api/2.0/mlflow/registered-models/create
POST /api/2.0/mlflow/registered-models/rename
PATCH /api/2.0/mlflow/registered-models/update
DELETE /api/2.0/mlflow/registered-models/delete
GET /api/2.0/mlflow/registered-models/get
GET /api/2.0/mlflow/registered-models/search
POST,GET /api/2.0/mlflow/registered-models/get-latest-versions
POST /api/2.0/mlflow/registered-models/set-tag
DELETE /api/2.0/mlflow/registered-models/delete-tag
POST,DELETE,GET /api/2.0/mlflow/registered-models/alias
POST /api/2.0/mlflow/model-versions/create
PATCH /api/2.0/mlflow/model-versions/update
POST /api/2.0/mlflow/model-versions/transition-stage
DELETE /api/2.0/mlflow/model-versions/delete
GET /api/2.0/mlflow/model-versions/get
GET /api/2.0/mlflow/model-versions/search
GET /api/2.0/mlflow/model-versions/get-download-uri
POST /api/2.0/mlflow/model-versions/set-tag
DELETE /api/2.0/mlflow/model-versions/delete-tag
POST /api/2.0/mlflow/runs/outputs
POST /api/2.0/mlflow/logged-models
PATCH,GET,DELETE /api/2.0/mlflow/logged-models/{model_id}
POST /api/2.0/mlflow/logged-models/search
PATCH /api/2.0/mlflow/logged-models/{model_id}/tags
DELETE /api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}
GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/directories
POST /api/2.0/mlflow/logged-models/{model_id}/params
POST,GET /api/2.0/mlflow/webhooks
GET,PATCH,DELETE /api/2.0/mlflow/webhooks/{webhook_id}
POST /api/2.0/mlflow/webhooks/{webhook_id}/test
POST /api/2.0/mlflow/runs/log-inputs
GET /health
GET /version
GET /api/3.0/mlflow/server-info
GET /get-artifact
GET /model-versions/get-artifact
GET /ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files
GET /ajax-api/2.0/mlflow/metrics/get-history-bulk
POST /ajax-api/2.0/mlflow/upload-artifact
GET,POST /graphql
GET,POST /ajax-api/2.0/mlflow/gateway-proxy
GET,POST /ajax-api/3.0/mlflow/ui-telemetry
"""
_NOT_IMPLEMENTED = """
POST /api/3.0/mlflow/gateway/secrets/create
GET /api/3.0/mlflow/gateway/secrets/get
POST /api/3.0/mlflow/gateway/secrets/update
DELETE /api/3.0/mlflow/gateway/secrets/delete
GET /api/3.0/mlflow/gateway/secrets/list
POST /api/3.0/mlflow/gateway/endpoints/create
GET /api/3.0/mlflow/gateway/endpoints/get
POST /api/3.0/mlflow/gateway/endpoints/update
DELETE /api/3.0/mlflow/gateway/endpoints/delete
GET /api/3.0/mlflow/gateway/endpoints/list
POST /api/3.0/mlflow/gateway/model-definitions/create
GET /api/3.0/mlflow/gateway/model-definitions/get
GET /api/3.0/mlflow/gateway/model-definitions/list
POST /api/3.0/mlflow/gateway/model-definitions/update
DELETE /api/3.0/mlflow/gateway/model-definitions/delete
POST /api/3.0/mlflow/gateway/endpoints/models/attach
POST /api/3.0/mlflow/gateway/endpoints/models/detach
POST /api/3.0/mlflow/gateway/endpoints/bindings/create
DELETE /api/3.0/mlflow/gateway/endpoints/bindings/delete
GET /api/3.0/mlflow/gateway/endpoints/bindings/list
POST /api/3.0/mlflow/gateway/endpoints/set-tag
DELETE /api/3.0/mlflow/gateway/endpoints/delete-tag
POST /api/3.0/mlflow/gateway/budgets/create
GET /api/3.0/mlflow/gateway/budgets/get
POST /api/3.0/mlflow/gateway/budgets/update
DELETE /api/3.0/mlflow/gateway/budgets/delete
GET /api/3.0/mlflow/gateway/budgets/list
GET /api/3.0/mlflow/gateway/budgets/windows
POST /api/3.0/mlflow/gateway/guardrails/create
GET /api/3.0/mlflow/gateway/guardrails/get
DELETE /api/3.0/mlflow/gateway/guardrails/delete
GET /api/3.0/mlflow/gateway/guardrails/list
POST /api/3.0/mlflow/gateway/guardrails/add-to-endpoint
DELETE /api/3.0/mlflow/gateway/guardrails/remove-from-endpoint
GET /api/3.0/mlflow/gateway/guardrails/list-for-endpoint
PATCH /api/3.0/mlflow/gateway/guardrails/update-config
GET,POST /api/3.0/mlflow/workspaces
GET,PATCH,DELETE /api/3.0/mlflow/workspaces/{workspace_name}
GET,PATCH,DELETE /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}
POST /api/3.0/mlflow/traces/{assessment.trace_id}/assessments
PATCH,DELETE /api/2.0/mlflow/traces/{request_id}/tags
PATCH,DELETE /api/3.0/mlflow/traces/{trace_id}/tags
POST,GET /api/2.0/mlflow/traces
PATCH /api/2.0/mlflow/traces/{request_id}
GET /api/2.0/mlflow/traces/{request_id}/info
GET /api/3.0/mlflow/traces/{trace_id}
GET /api/3.0/mlflow/traces/get
GET /api/3.0/mlflow/traces/batchGet
POST /api/3.0/mlflow/traces/batchGetInfos
POST /api/3.0/mlflow/traces/search
POST /api/3.0/mlflow/traces
POST /api/2.0/mlflow/traces/link-to-run
POST /api/2.0/mlflow/traces/link-prompts
GET /api/2.0/mlflow/get-online-trace-details
POST /api/2.0/mlflow/traces/delete-traces
POST /api/3.0/mlflow/traces/delete-traces
POST /api/3.0/mlflow/traces/calculate-filter-correlation
POST /api/3.0/mlflow/traces/metrics
POST /api/3.0/mlflow/issues
PATCH,GET /api/3.0/mlflow/issues/{issue_id}
POST /api/3.0/mlflow/issues/search
POST /api/3.0/mlflow/label-schemas/create
GET /api/3.0/mlflow/label-schemas/get
GET /api/3.0/mlflow/label-schemas/get-by-name
GET /api/3.0/mlflow/label-schemas/list
PATCH /api/3.0/mlflow/label-schemas/update
DELETE /api/3.0/mlflow/label-schemas/delete
POST /api/3.0/mlflow/review-queues/create
POST /api/3.0/mlflow/review-queues/get-or-create-user
GET /api/3.0/mlflow/review-queues/get
GET /api/3.0/mlflow/review-queues/get-by-name
GET /api/3.0/mlflow/review-queues/list
POST /api/3.0/mlflow/review-queues/update
POST /api/3.0/mlflow/review-queues/delete
POST /api/3.0/mlflow/review-queues/items/add
POST /api/3.0/mlflow/review-queues/items/remove
GET /api/3.0/mlflow/review-queues/items/list
POST /api/3.0/mlflow/review-queues/items/set-status
POST /api/3.0/mlflow/datasets/create
GET,DELETE /api/3.0/mlflow/datasets/{dataset_id}
POST,GET /api/3.0/mlflow/datasets/search
PATCH /api/3.0/mlflow/datasets/{dataset_id}/tags
DELETE /api/3.0/mlflow/datasets/{dataset_id}/tags/{key}
POST,GET,DELETE /api/3.0/mlflow/datasets/{dataset_id}/records
GET /api/3.0/mlflow/datasets/{dataset_id}/experiment-ids
POST /api/3.0/mlflow/datasets/{dataset_id}/add-experiments
POST /api/3.0/mlflow/datasets/{dataset_id}/remove-experiments
POST /api/3.0/mlflow/scorers/register
GET /api/3.0/mlflow/scorers/list
GET /api/3.0/mlflow/scorers/versions
GET /api/3.0/mlflow/scorers/get
DELETE /api/3.0/mlflow/scorers/delete
POST /api/3.0/mlflow/prompt-optimization/jobs
GET,DELETE /api/3.0/mlflow/prompt-optimization/jobs/{job_id}
POST,GET /api/3.0/mlflow/prompt-optimization/jobs/search
POST /api/3.0/mlflow/prompt-optimization/jobs/{job_id}/cancel
POST /v1/traces
GET /ajax-api/2.0/mlflow/get-trace-artifact
GET /ajax-api/3.0/mlflow/get-trace-artifact
POST /ajax-api/2.0/mlflow/runs/create-promptlab-run
GET,POST /gateway/{name}
GET,POST /ajax-api/3.0/jobs/{name}
GET,POST /ajax-api/3.0/mlflow/assistant/config
GET /ajax-api/3.0/mlflow/assistant/providers
GET,POST /ajax-api/3.0/mlflow/mcp-servers
GET,POST /ajax-api/3.0/mlflow/jobs/{name}
POST /ajax-api/3.0/mlflow/issues/invoke
POST /ajax-api/3.0/mlflow/scorer/invoke
POST /ajax-api/3.0/mlflow/genai/evaluate/invoke
GET,POST /ajax-api/3.0/mlflow/demo
POST /api/2.0/mlflow/users/create
GET /api/2.0/mlflow/users/current
GET,POST,PATCH,DELETE /api/3.0/mlflow/roles/{name}
"""


def _rows(text: str) -> list[tuple[str, str]]:
    """Method and path, with something for every placeholder; paths below /api also below /ajax-api."""
    rows = []
    for line in text.split("\n"):
        methods, _, template = line.partition(" ")
        path = re.sub(r"\{[\w.]+\}", "x", template)
        paths = [path, path.replace("/api/", "/ajax-api/", 1)] if path.startswith("/api/") else [path]
        rows += [(method, each) for method in methods.split(",") for each in paths if each]
    return rows


ANSWERED = _rows(_ANSWERED)
NOT_IMPLEMENTED = _rows(_NOT_IMPLEMENTED)
