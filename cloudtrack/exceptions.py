"""MLflow's names for the base of all errors, so that a script which catches it goes on working."""

from cloudtrack.errors import CloudtrackError as MlflowException

RestException = MlflowException

__all__ = ["MlflowException", "RestException"]
