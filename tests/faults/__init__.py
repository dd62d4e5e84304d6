"""Faults: what breaks on a site, done on purpose to real processes, with what must survive counted afterwards."""
