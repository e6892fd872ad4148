"""A store behind a server: the same services as over a store, through the HTTP API."""
