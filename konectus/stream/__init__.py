"""The intake log: append before the 200, claim in batches. Today in PostgreSQL; the seam for NATS JetStream."""
