"""Measurements of one machine in one run, printed as ratios."""
