"""The ways out: a relay by SMTP, or the outbox folder."""
