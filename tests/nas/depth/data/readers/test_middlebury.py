from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError
from tests.nas.depth.data.readers.sets_written import all_of, ramp, read, shrunk, write_picture

SCENES = ("Adirondack-perfect", "Jadeplant-perfect", "Motorcycle-imperfect")
FOCAL, BASELINE_MM, OFFSET = 3997.684, 193.001, 31.086


def calibration(focal: float = FOCAL) -> str:
    return (
        f"cam0=[{focal} 0 1176.728; 0 {focal} 1011.728; 0 0 1]\ncam1=[{focal} 0 1307.839; 0 {focal} 1011.728; 0 0 1]\n"
        f"doffs={OFFSET}\nbaseline={BASELINE_MM}\nwidth=16\nheight=12\nndisp=280\n"
    )


def write_pfm(path: Path, numbers: np.ndarray, *, little: bool = True) -> None:
    head = f"Pf\n{numbers.shape[1]} {numbers.shape[0]}\n{-1 if little else 1}\n".encode()
    path.write_bytes(head + numbers[::-1].astype("<f4" if little else ">f4").tobytes())


def write_scenes(root: Path, *, focal: float = FOCAL, name: str = "disp0.pfm", upside_down: bool = False) -> None:
    for seed, scene in enumerate(SCENES):
        write_picture(root / scene / "im0.png", seed)
        disparity = BASELINE_MM / 1000 * FOCAL / ramp(seed) - OFFSET
        disparity[0, :4] = np.inf
        write_pfm(root / scene / name, disparity[::-1] if upside_down else disparity, little=seed > 0)
        (root / scene / "calib.txt").write_text(calibration(focal))


@pytest.mark.parametrize("name", ["disp0.pfm", "disp0GT.pfm"])
def test_disparity_and_calibration_become_metres(tmp_path: Path, name: str) -> None:
    write_scenes(tmp_path, name=name)
    data = read(tmp_path)
    found = all_of(data)
    assert sorted(found) == ["Adirondack", "Jadeplant", "Motorcycle"]
    for seed, scene in enumerate(sorted(found)):
        np.testing.assert_allclose(found[scene][1][1:], shrunk(ramp(seed))[1:], rtol=1e-4)
    assert "as middlebury: PFM is disparity in pixels, baseline x focal length / (disparity + doffs)" in data.notes[0]
    assert "their median depth is 3.8" in data.notes[0] and data.notes[0].endswith(" m")


def test_a_calibration_of_another_unit_is_refused(tmp_path: Path) -> None:
    write_scenes(tmp_path, focal=FOCAL * 256)
    with pytest.raises(DataError, match=r"median depth of middlebury .* if divided by 256"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PF\n16 12\n-1\n" + bytes(12 * 16 * 12), r"must be a PFM of one channel, .*disp0\.pfm is none"),
        (b"Pf\n16 12\n-1\n" + bytes(100), r"16 x 12 has 768 bytes of numbers, .*disp0\.pfm has 100"),
        (b"Pf\n900000 900000\n-1\n", r"may have at most .* pixels, .*disp0\.pfm says 900000 x 900000"),
        (b"", "is none"),
    ],
)
def test_a_pfm_that_is_none_or_cut_short_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    write_scenes(tmp_path)
    (tmp_path / SCENES[0] / "disp0.pfm").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def test_a_calibration_without_baseline_is_named(tmp_path: Path) -> None:
    write_scenes(tmp_path)
    (tmp_path / SCENES[0] / "calib.txt").write_text("cam0=[1 0 0; 0 1 0; 0 0 1]\n")
    with pytest.raises(DataError, match=r"calib\.txt cannot be read \(KeyError: 'baseline'\)"):
        read(tmp_path)
