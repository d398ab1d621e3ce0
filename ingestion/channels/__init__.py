"""Channel adapters: one provider each, none knows the store."""
