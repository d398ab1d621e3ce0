"""What every channel adapter offers and what they all lean on; no provider is named here."""
