"""cloudtrack: experiment tracking and a model registry with nothing but a bucket or a folder."""
