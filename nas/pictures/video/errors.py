"""What can be wrong with a video."""

from nas.pictures.reading import PictureError


class VideoError(PictureError):
    """A video that cannot be read or made steady; the message names the file or the frame."""
