"""Our errors as MLflow's, with the codes that its clients branch on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode
from pydantic import ValidationError

from cloudtrack.api.errors import ApiError, api_error
from cloudtrack.api.parsing import explained
from cloudtrack.errors import CloudtrackError


def mlflow_error(error_code: str, message: str) -> MlflowException:
    """An error under one of MLflow's names for errors."""
    return MlflowException(message, error_code=ErrorCode.Value(error_code))


@contextmanager
def as_mlflow_errors() -> Iterator[None]:
    """Raises MlflowException for what cloudtrack raises."""
    try:
        yield
    except CloudtrackError as error:
        raise mlflow_error(api_error(error).error_code, error.message) from error
    except ApiError as error:
        raise mlflow_error(error.error_code, error.message) from error
    except ValidationError as error:
        raise mlflow_error("INVALID_PARAMETER_VALUE", explained(error).message) from error
