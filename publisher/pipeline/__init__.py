"""The road: collect, publish, compose, deliver, each a step that is idempotent and leaves a row.

The steps know the rooms around them only by the Protocols in `ports`.
"""
