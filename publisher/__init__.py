"""publisher collects new articles, turns them into feeds and mails them as digests."""

__version__ = "0.1.0"
