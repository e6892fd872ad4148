"""The model registry: names, versions, stages and aliases, as a hash-chained history of events."""
