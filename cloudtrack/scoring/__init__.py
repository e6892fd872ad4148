"""Live scoring: a model behind HTTP, by MLflow's scoring protocol."""
