"""MLflow's wire, a file a resource. Source: https://mlflow.org/docs/latest/api_reference/rest-api.html."""
