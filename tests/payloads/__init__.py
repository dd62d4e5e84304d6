"""Collected sample messages of real devices, run through the decoder: ``make payloads``."""
