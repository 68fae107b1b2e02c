"""Readers of data sets, one format in each file, found by what lies in a folder or by name. What is needed to write
one is in `reader`. They import nas.depth.data and nas.errors.
"""

from nas.depth.data.readers.reader import Example, Files, Frame, Part, Reader, Source, relative

__all__ = [
    "Example",
    "Files",
    "Frame",
    "Part",
    "Reader",
    "Source",
    "relative",
]
