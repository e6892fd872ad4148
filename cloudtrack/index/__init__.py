"""Collections: filter, order and page over very many documents, from Parquet files and without a database.

The index is derived: it can be thrown away and made again, and every search also reads what it lacks.
"""
