"""KITTI's depth: the annotated depth maps beside the raw drives, and the selection for validation.

    train|val/DRIVE/proj_depth/groundtruth/image_02/0000000005.png       depth; the drive is the group
    DATE/DRIVE/image_02/data/0000000005.png                              its picture, as the raw data unpack,
    train|val/DRIVE/image_02/data/0000000005.png                         or beside the depth; also below raw/
    val_selection_cropped/groundtruth_depth/DRIVE_groundtruth_depth_0000000005_image_02.png
    val_selection_cropped/image/DRIVE_image_0000000005_image_02.png

Depth is a 16-bit PNG whose numbers / 256 are metres; 0 is no depth. A lidar has measured it: most pixels have none.
What is published for validation is the test part, because KITTI keeps the depth of its test pictures.

Source: development kit of the KITTI depth benchmark, readme.txt.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.readers._pairs import NumbersFile, paired, pictures_of
from nas.depth.data.readers.reader import Part, Source

PER_METRE = 256.0
MEDIAN_M = (2.0, 80.0)
PARTS = TRAIN, VALIDATION = "train", "val"
GROUND_TRUTH = "proj_depth/groundtruth"
SELECTION = "groundtruth_depth"


@dataclass(frozen=True, slots=True)
class KittiReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return any(True for _ in _maps(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        both = all((path / part).is_dir() for part in PARTS)
        pairs = [(depth, _picture(path, depth), _group(depth), _part(path, depth, both)) for depth in _maps(path)]
        examples, unused = paired(path, pairs, NumbersFile(per_metre=PER_METRE), "KITTI's depth maps")
        return Source(
            examples=examples,
            scale="PNG / 256 is metres",
            invalid="0 is no depth",
            split="split by drive, val/ kept for test" if both else "split by drive",
            kind="depth",
            median_m=MEDIAN_M,
            sparse=True,
            unused=unused,
        )


def _maps(path: Path) -> Iterator[Path]:
    """The depth files."""
    for part in PARTS:
        yield from sorted((path / part).glob(f"*/{GROUND_TRUTH}/image_0[23]/*.png"))
    for below in (path, *(path / name for name in ("val_selection_cropped", "depth_selection/val_selection_cropped"))):
        if (below / "image").is_dir():
            yield from sorted((below / SELECTION).glob("*.png"))


def _picture(path: Path, depth: Path) -> Path | None:
    if depth.parent.name == SELECTION:
        return pictures_of(depth.parent.parent / "image" / depth.name.replace(f"_{SELECTION}_", "_image_"))
    drive, camera = depth.parents[3].name, depth.parent.name
    raw = Path(drive, camera, "data", depth.name)
    roots = (depth.parents[4], path / drive[:10], path / "raw" / drive[:10], path / "raw")
    return next((found for root in roots if (found := pictures_of(root / raw))), None)


def _group(depth: Path) -> str:
    return depth.name.split("_sync")[0] if depth.parent.name == SELECTION else depth.parents[3].name.split("_sync")[0]


def _part(path: Path, depth: Path, both: bool) -> Part | None:
    """Where its makers have put it; a val/ without a train/ is dealt."""
    return "test" if both and depth.relative_to(path).parts[0] == VALIDATION else None


READER = KittiReader()
