"""The store as tables: SQL over it, definitions for other engines, runs as data frames and files."""
