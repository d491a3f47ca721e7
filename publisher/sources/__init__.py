"""Reads what others write: feeds, listings, sitemaps, folders and what is pushed, into entries that are harmless."""
