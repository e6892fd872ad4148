"""Scoring files: of any size, in bounded memory, row for row."""
