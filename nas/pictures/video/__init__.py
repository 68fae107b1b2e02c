"""Depth of a video that does not flicker, from a network that sees one frame at a time. Imports nothing else of ours.

`steady` and `flow` are imported by name: they import OpenCV.
"""
