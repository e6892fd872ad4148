"""Each flavor against the real MLflow, both ways."""
