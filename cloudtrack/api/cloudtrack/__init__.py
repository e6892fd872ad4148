"""What MLflow's wire cannot say, for cloudtrack's own client; a file a resource."""
