"""Figures of requests for CloudWatch, as lines of a function's log: that takes no request more.

The form is CloudWatch's embedded metric format
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
Metrics of one's own cost money for each hour in which there are any, so they are only written where a namespace is set;
what API Gateway and Lambda measure themselves is on the dashboard without.
"""

from __future__ import annotations

import json

from cloudtrack import clock, config

NAMESPACE = "CLOUDTRACK_METRICS_NAMESPACE"
_UNITS = {"Requests": "Count", "Refused": "Count", "Failed": "Count", "Duration": "Milliseconds", "Sent": "Bytes"}


def note_request(route: str, status: int, duration_ms: float, sent_bytes: int) -> None:
    """Write the figures of one request, by function and over all; the route goes along for searches of the log."""
    environment = config.environment()
    if not (namespace := environment.get(NAMESPACE)):
        return
    function = environment.get("AWS_LAMBDA_FUNCTION_NAME", "")
    line = {
        "_aws": {
            "Timestamp": clock.now_ms(),
            "CloudWatchMetrics": [
                {
                    "Namespace": namespace,
                    "Dimensions": [[], ["Function"]],
                    "Metrics": [{"Name": name, "Unit": unit} for name, unit in _UNITS.items()],
                }
            ],
        },
        "Function": function,
        "route": route,
        "Requests": 1,
        "Refused": int(400 <= status < 500),
        "Failed": int(status >= 500),
        "Duration": duration_ms,
        "Sent": sent_bytes,
    }
    print(json.dumps(line), flush=True)
