"""Use cases, one transaction each: read, ask a pure rule, change rows, record the audit entry."""
