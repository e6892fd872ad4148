"""Autologging: what frameworks train is logged without a line for it, a framework a file.

The names, arguments and what is logged follow MLflow's documentation:
https://mlflow.org/docs/latest/ml/tracking/autolog/. See docs/autologging.md.
"""
