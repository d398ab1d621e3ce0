"""Parts of the embedded PostgreSQL. `konectus.store.cluster` puts them together, nobody else uses them."""
