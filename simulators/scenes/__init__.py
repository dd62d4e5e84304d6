"""Rendered camera pictures whose truth is known."""
