"""Steady depth of a video, judged where depth, flow and poses are exact: on rendered paths of a camera."""
