"""Pure rules: values in, decisions out. No clock, no storage, no environment."""
