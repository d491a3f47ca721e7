"""The ledger's statements, written by hand: they are what is run once a message.

Parameters are named as both sqlite3 and SQLAlchemy's `text` understand them.
"""

LEASE_MINUTES = 15
"""PostgreSQL: how long a claim lives after an outcome: longer than the ten minutes of DATA (RFC 5321, 4.5.3.2)."""

# A claim takes, edition by edition, the first rows of the index `delivery_queue`, and of these the first of all. So
# neither the rows of a draft that waits for its editor nor those that were sent are ever met, however many they are.
_CLAIM = """
   SET state = 'claimed', claim_worker = :worker, claim_boot = :boot, claim_token = :token, claim_until = :until,
       first_tried = coalesce(first_tried, :now)
"""

# BEGIN IMMEDIATE keeps everybody else away.
_CLAIM_SQLITE = f"""
UPDATE delivery {_CLAIM}
 WHERE id IN (
    SELECT d.id
      FROM edition AS e JOIN delivery AS d ON d.id IN (
            SELECT q.id FROM delivery AS q JOIN subscription AS s ON s.id = q.subscription_id
             WHERE q.edition_id = e.id AND q.lane = :lane AND q.state IN ('pending', 'deferred') AND q.due_at <= :now
               AND s.state = 'active'
             ORDER BY q.due_at, q.id LIMIT :limit)
     WHERE e.state IN ('approved', 'sending')
     ORDER BY d.due_at, d.id LIMIT :limit)
"""

# FOR UPDATE makes it safe: the rows it found stay as they are. SKIP LOCKED: workers that claim at the same moment take
# different rows instead of waiting for one another. Their state is not asked again at the end: before the first
# ANALYZE the planner would read a whole partial index for that.
_CLAIM_POSTGRES = f"""
WITH due AS MATERIALIZED (
    SELECT d.id, e.id AS edition_id
      FROM edition AS e CROSS JOIN LATERAL (
            SELECT q.id, q.due_at FROM delivery AS q JOIN subscription AS s ON s.id = q.subscription_id
             WHERE q.edition_id = e.id AND q.lane = :lane AND q.state IN ('pending', 'deferred') AND q.due_at <= :now
               AND s.state = 'active'
             ORDER BY q.due_at, q.id LIMIT :limit FOR UPDATE OF q SKIP LOCKED) AS d
     WHERE e.state IN ('approved', 'sending')
     ORDER BY d.due_at, d.id LIMIT :limit)
UPDATE delivery {_CLAIM}
  FROM due WHERE delivery.id = due.id AND delivery.edition_id = due.edition_id
"""

CLAIM = {"sqlite": _CLAIM_SQLITE, "postgresql": _CLAIM_POSTGRES}

WINDOW = """
SELECT d.id, d.edition_id, e.newsletter_id, d.subscription_id, d.digest_id, u.address, d.due_at, d.attempts,
       d.first_tried
  FROM delivery AS d
  JOIN edition AS e ON e.id = d.edition_id
  JOIN subscription AS s ON s.id = d.subscription_id
  JOIN subscriber AS u ON u.id = s.subscriber_id
 WHERE d.claim_token = :token AND d.state = 'claimed'
 ORDER BY d.id
"""

# By the token: whoever lost the claim changes nothing.
SETTLE = """
UPDATE delivery
   SET state = :state, reply = :reply, attempts = attempts + :attempt, doubts = doubts + :doubt,
       due_at = coalesce(:due_at, due_at), settled_at = :now, claim_token = NULL, claim_until = NULL
 WHERE id = :id AND claim_token = :token AND state = 'claimed'
"""

# The same in one round trip: its commit waits for no disk (the next claim's does, and hardens it), and the rest of
# the window gets a new lease when half of the old one has gone.
SETTLE_POSTGRES = f"""
WITH settled AS ({SETTLE} AND set_config('synchronous_commit', 'off', true) IS NOT NULL RETURNING id),
extended AS (
    UPDATE delivery SET claim_until = CAST(:now AS timestamptz) + interval '{LEASE_MINUTES} minutes'
     WHERE claim_token = :token AND state = 'claimed' AND id <> :id
       AND claim_until < CAST(:now AS timestamptz) + interval '{LEASE_MINUTES} minutes' / 2)
SELECT count(*) FROM settled
"""

WANTED = """
SELECT e.state AS edition, s.state AS subscription, x.address_key AS suppressed
  FROM delivery AS d
  JOIN edition AS e ON e.id = d.edition_id
  LEFT JOIN subscription AS s ON s.id = d.subscription_id
  LEFT JOIN subscriber AS u ON u.id = s.subscriber_id
  LEFT JOIN suppression AS x ON x.address_key = u.address_key
 WHERE d.id = :id AND d.claim_token = :token AND d.state = 'claimed'
"""

LET_GO = """
UPDATE delivery SET state = :state, claim_token = NULL, claim_until = NULL
 WHERE id = :id AND claim_token = :token AND state = 'claimed'
"""

RELEASE = """
UPDATE delivery SET state = 'pending', claim_token = NULL, claim_until = NULL
 WHERE claim_token = :token AND state = 'claimed'
"""

# All rows of a chunk in one statement; a row that exists already stays as it is.
_ADD = """
INSERT INTO delivery (edition_id, subscription_id, digest_id, state, due_at, from_seq, lane, attempts, doubts, reply)
SELECT :edition, {columns}, 0, 0, '' FROM {rows}
ON CONFLICT (edition_id, subscription_id) DO NOTHING
"""
ADD = {
    "sqlite": _ADD.format(
        columns="value ->> 0, value ->> 1, 'pending', value ->> 2, value ->> 3, value ->> 4",
        # Without WHERE the parser takes ON for a join's (SQLite, "Parsing ambiguity" at UPSERT).
        rows="json_each(:rows) WHERE true ORDER BY key",
    ),
    "postgresql": _ADD.format(
        columns="subscription, digest, 'pending', due_at, from_seq, lane",
        rows=(
            "unnest(CAST(:subscriptions AS bigint[]), CAST(:digests AS bigint[]), CAST(:due AS timestamptz[]), "
            "CAST(:from_seqs AS bigint[]), CAST(:lanes AS text[])) WITH ORDINALITY "
            "AS row (subscription, digest, due_at, from_seq, lane, place) ORDER BY place"
        ),
    ),
}
