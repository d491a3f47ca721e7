"""Feeds of every dialect, as the same values; `feed` makes entries of them."""
