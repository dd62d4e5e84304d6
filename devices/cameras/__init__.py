"""Turns a plain camera into a smart device: frames in, detections with evidence out."""
