"""MLflow's name for the base of all errors, so that a script which catches it goes on working."""

from cloudtrack.errors import CloudtrackError as MlflowException

__all__ = ["MlflowException"]
