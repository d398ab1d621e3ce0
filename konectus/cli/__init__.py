"""The `konectus` command: one file per group of verbs. Surfaces are started by name, never imported."""
