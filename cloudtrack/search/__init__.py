"""Filters and orders over entities: text to expressions, expressions to a choice or to SQL. Pure."""
