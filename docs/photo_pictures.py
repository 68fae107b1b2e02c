"""Makes the README's picture of a 3D photo, as a browser shows it: a photo, by the network that comes along.

The photo is cat.hif of pillow-heif's source distribution (BSD-3-Clause), which `python -m benchmarks.fetch_photos`
puts into the cache.

.venv/bin/python -m docs.photo_pictures ~/.cache/chamnas/photos/cat.hif
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from launch.deploy.depth_model import depth_model
from nas.pictures import read_any
from nas.pictures.depth import answer_to, coloured
from nas.pictures.photo.page import page
from nas.pictures.photo.photo import photo_of
from nas.pictures.upsampling import upsampled
from tests.launch.report.browsing import browser, window

OUT = Path(__file__).parent / "images" / "photo-3d.jpg"
SIZE = (480, 360)  # of each view
GAP = 6  # pixels between them
SOFTWARE = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def main() -> None:
    path = Path(sys.argv[1])
    rgb = np.asarray(Image.fromarray(read_any(path).rgb).resize((1920, 1440)))
    log_disparity = upsampled(answer_to(depth_model(Path("demo").absolute()), rgb, None), rgb)
    with tempfile.TemporaryDirectory() as folder, browser(*SOFTWARE) as running:
        file = Path(folder) / "photo.html"
        file.write_text(page(photo_of(rgb, log_disparity), path.name))
        views = _views(running, file)
    shown = [Image.fromarray(one).resize(SIZE) for one in (rgb, coloured(log_disparity))]
    _strip([*shown, *views]).save(OUT, quality=88)
    print(OUT)


def _views(running: Any, file: Path) -> list[Image.Image]:
    """From the left and from the right."""
    found = []
    with window(running, width=SIZE[0], height=SIZE[1], reduced_motion="reduce") as seen:
        seen.page.goto(file.as_uri())
        for x in (-1, 1):
            seen.page.wait_for_selector("#frame[data-still]:not([data-still=''])")
            seen.page.evaluate(f"look({x}, 0)")
            seen.page.wait_for_selector(f'#frame[data-still="{x} 0"]')
            found.append(Image.open(io.BytesIO(seen.page.locator("canvas").screenshot())).convert("RGB"))
    return found


def _strip(views: list[Image.Image]) -> Image.Image:
    strip = Image.new("RGB", (len(views) * SIZE[0] + (len(views) - 1) * GAP, SIZE[1]), "white")
    for i, view in enumerate(views):
        strip.paste(view, (i * (SIZE[0] + GAP), 0))
    return strip


main()
