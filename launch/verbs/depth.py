"""`nas depth`: depth and 3D photos of pictures, steady depth of videos, by a network found or exported here."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from launch.deploy.depth_model import depth_model
from launch.deploy.extras import needed
from launch.json_text import json_text
from launch.terminal import Progress, check_outputs, table
from nas.deploy.course import Gives, Wants
from nas.errors import aside
from nas.pictures import DepthModel, PictureError, PictureFile, network_size, picture_files, read_any
from nas.record import write_whole

EXTRA = "pictures"


def run(
    *,
    model: Path,
    pictures: tuple[Path, ...],
    out: Path,
    size: int | None,
    photo: bool,
    wants: Wants,
    gives: Gives,
    as_json: bool,
) -> int:
    check_outputs({"--out": out}, {"MODEL": model, **{f"PICTURE {path}": path for path in pictures}})
    files = picture_files(pictures, out)
    with aside(), Progress() as progress:
        network = depth_model(model, wants=wants, gives=gives)
        done, skipped = _all(files, lambda file: _made(network, file, out, size, progress, photo=photo), progress)
    if not done:
        raise PictureError(_none(skipped))
    record = {"model": network.name, "pictures": done, "skipped": skipped}
    print(json_text(record) if as_json else _text(record))
    return 1 if skipped else 0


def _all(
    files: Sequence[PictureFile], make: Callable[[PictureFile], dict[str, Any]], progress: Progress
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What was made of each picture, and which were skipped and why."""
    done: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    for file in files:
        try:
            done.append(make(file))
        except PictureError as error:
            skipped.append({"picture": str(file.path), "reason": str(error)})
            if len(files) > 1:
                progress.say(f"skipped: {error}")
        also = f", {len(skipped)} skipped" if skipped else ""
        progress.step("pictures", len(done) + len(skipped), len(files), also=also)
    return done, skipped


def _made(
    network: DepthModel, file: PictureFile, out: Path, size: int | None, progress: Progress, *, photo: bool
) -> dict[str, Any]:
    return _video(network, file, out, size, progress) if file.is_video else _one(network, file, out, size, photo=photo)


def _video(network: DepthModel, file: PictureFile, out: Path, size: int | None, progress: Progress) -> dict[str, Any]:
    clips, depth = needed("nas.pictures.video.clip", EXTRA), needed("nas.pictures.video.depth", EXTRA)
    clip = clips.look_at(file.path)
    folder, beside = file.output(out, "-depth"), file.output(out, "-side-by-side.mp4")

    def told(num: int) -> None:
        progress.step(f"frames of {file.path.name}", num, max(num, clip.num_frames))

    made = depth.video_files(network, clip, folder=folder, beside=beside, long_side=size, told=told)
    return {
        "picture": str(file.path),
        "size": list(made.size),
        "seen_at": list(network_size(network, made.size, size)),
        "log_disparity": [made.low, made.high],
        "notes": [f"{made.num_frames} frames in {made.shots} {'shot' if made.shots == 1 else 'shots'}"],
        "files": [str(folder), str(beside)],
    }


def _one(network: DepthModel, file: PictureFile, out: Path, size: int | None, *, photo: bool) -> dict[str, Any]:
    depth = needed("nas.pictures.depth", EXTRA)
    sight = read_any(file.path)
    log_disparity = depth.depth_of(network, sight, size)
    contents: dict[str, bytes] = depth.depth_files(log_disparity)
    if photo:
        photos = needed("nas.pictures.photo.files", EXTRA)
        contents |= photos.photo_files(sight.rgb, log_disparity, file.path.name)
    for ending, content in contents.items():
        write_whole(file.output(out, ending), content)
    flat = ("its depth is constant: nothing is nearer than anything else",) if depth.is_flat(log_disparity) else ()
    return {
        "picture": str(file.path),
        "size": list(sight.shape),
        "seen_at": list(network_size(network, sight.shape, size)),
        "log_disparity": [float(log_disparity.min()), float(log_disparity.max())],
        "notes": [*sight.notes, *flat],
        "files": [str(file.output(out, ending)) for ending in contents],
    }


def _none(skipped: Sequence[dict[str, str]]) -> str:
    first = skipped[0]["reason"]
    return first if len(skipped) == 1 else f"none of {len(skipped)} pictures could be read; the first: {first}"


def _text(record: dict[str, Any]) -> str:
    rows = [
        [one["picture"], _pixels(one["size"]), _pixels(one["seen_at"]), "; ".join(one["notes"])]
        for one in record["pictures"]
    ]
    lines = [table(["picture", "height x width", "seen at", "notes"], rows)]
    lines += [f"skipped: {one['reason']}" for one in record["skipped"]]
    lines.append(f"{len(record['pictures'])} pictures, {len(record['skipped'])} skipped")
    if len(record["pictures"]) == 1:
        lines += record["pictures"][0]["files"]
    return "\n".join(lines)


def _pixels(size: Sequence[int]) -> str:
    return f"{size[0]} x {size[1]}"
