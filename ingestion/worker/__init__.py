"""The worker: from the log to the store, one transaction per batch."""
