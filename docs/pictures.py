"""Makes the README's pictures from a finished run of the demo.

.venv/bin/python docs/pictures.py runs/demo
.venv/bin/nas front runs/demo --png docs/images/demo-front.png
"""

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from launch.report.plots.pictures import Picture, pictures
from nas.depth import CARD

OUT = Path(__file__).parent / "images" / "demo-depth.png"
GAP = 6  # pixels between pictures


def main() -> None:
    run = Path(sys.argv[1])
    winner = json.loads((run / "winner.json").read_text())["trial"]
    columns = [_column(picture) for picture in pictures(run / "artifacts" / f"{winner}.npz", CARD.pictures)]
    Image.fromarray(np.concatenate(columns, axis=1)).save(OUT, optimize=True)
    print(OUT)


def _column(picture: Picture) -> np.ndarray:
    """Image, true depth and predicted depth, one below the other, with white gaps."""
    views = [
        np.pad(_pixels(url), ((0, GAP), (0, GAP), (0, 0)), constant_values=255)
        for url in (view.url for view in picture.views)
    ]
    return np.concatenate(views, axis=0)


def _pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1]))).convert("RGB"))


main()
