"""What makes the tables, step by step; run by `storage.migrate`."""
