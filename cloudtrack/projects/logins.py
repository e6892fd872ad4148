"""The variables that log in to a store. Their values go from process to process, and never into a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping

_AWS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
)
_SERVER = ("CLOUDTRACK_TOKEN", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
_SECRET = re.compile(r"(?:^|[_.-])(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|API_?KEY|ACCESS[._-]?KEY|PRIVATE_?KEY)"
                     r"(?=$|[_.-])", re.IGNORECASE)  # fmt: skip
_PLACE = re.compile(r"[_.-](FILE|PATH|DIR|ID)$", re.IGNORECASE)


def login_names(store: str, environment: Mapping[str, str]) -> list[str]:
    """The variables set here that whoever opens a store needs."""
    names = _AWS if store.startswith("s3://") else _SERVER if store.startswith(("http://", "https://")) else ()
    return [name for name in names if environment.get(name)]


def is_secret(name: str) -> bool:
    """Whether a variable or setting is one that holds a secret, by its name."""
    return bool(_SECRET.search(name)) and not _PLACE.search(name)
