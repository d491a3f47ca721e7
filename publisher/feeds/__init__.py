"""Feeds: what readers subscribe to, written as bytes. Serving them is the web's, storing them the pipeline's."""
