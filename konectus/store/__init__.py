"""Memory of the product: tables, sessions, queries, migrations and the embedded PostgreSQL."""
