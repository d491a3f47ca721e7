"""The database: everything that is remembered, on SQLite or PostgreSQL, behind the ports of the pipeline.

`database.open_storage` is the way in; SQL is written by SQLAlchemy Core, and by hand where it must be fast.
"""
