"""HTTP as one function, ``Request -> Response``; no server, no AWS. The wire is MLflow's."""
