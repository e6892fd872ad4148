"""Definitions of a store's Parquet files for other engines, which read them where they are."""
