"""Python environments: what one must have, and making it with uv, virtualenv or conda."""
