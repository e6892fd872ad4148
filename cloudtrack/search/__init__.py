"""Filters and orders over entities: text to comparisons, comparisons to a choice. Pure."""
