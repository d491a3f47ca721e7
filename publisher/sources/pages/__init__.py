"""What an HTML page says, read piece by piece; `extract` puts it together."""
