"""The page on steady video: its example runs."""

from pathlib import Path

from tests.docs.pages import Page, python

PAGE = Page(name="steady-video.md")


def test_the_example_puts_out_every_frame(tmp_path: Path) -> None:
    (source,) = PAGE.blocks()
    (tmp_path / "example.py").write_text(source)
    ended = python(tmp_path, "example.py")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [f"{i} {i == 0} (48, 64)" for i in range(8)]
