"""Filters and orders, and the things that they are asked of, on MLflow's server and on ours."""
