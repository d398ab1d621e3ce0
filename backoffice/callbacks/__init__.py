"""What comes to the back office from outside by a form, a browser or a signed call; no cookie counts for it."""
