"""What the servers on a local port have in common: ASGI, and listening."""
