"""The template and what is beside it."""
