"""What signatures let through to a model: cases, and what MLflow made of each."""
