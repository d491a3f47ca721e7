"""What people and programs meet over HTTP: feeds, pages, unsubscribe links, the outbox, health.

It reads by `storage` and writes only through `pipeline`.
"""
