"""What cloudtrack's own client and the server say to each other beyond MLflow's wire."""

from __future__ import annotations

CLIENT_HEADER = "x-cloudtrack-client"
"""Version of the client. Answers to it have fields that MLflow's do not have."""
OPERATION_HEADER = "x-cloudtrack-operation"
"""A name for what a request does, unique for ever: repeated with it, a request is not done twice."""
SINCE_HEADER = "x-cloudtrack-operation-since"
"""When the operation was named (ms), where it may have been done long ago."""
ERROR_HEADER = "x-cloudtrack-error"
"""The kind of error (``cloudtrack.errors``), where an answer is one of ours."""

DELIVERY_BYTES = 4 << 20
"""The largest body of a delivery: with AWS Lambda's encoding it still fits into an event."""
HEADER_BYTES = 512 << 10
"""The part of it that says what to make the run of."""
MOST_LOGGED = 10_000
"""Metrics, params or tags in one batch."""
RUN_TYPE = "application/vnd.cloudtrack.frames"
"""The media type of a delivery."""
