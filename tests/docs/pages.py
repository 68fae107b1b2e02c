"""What tests of pages share: a page's blocks and commands, and the command as a process in a folder of its own."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.forked import ROOT, start


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of docs/."""

    name: str

    @property
    def text(self) -> str:
        return (ROOT / "docs" / self.name).read_text()

    def blocks(self, language: str = "python") -> list[str]:
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)

    def commands(self) -> list[list[str]]:
        """What follows "nas" on the page's lines of commands; a line that ends in a backslash goes on."""
        lines = re.sub(r"\\\n\s*", "", self.text)
        return [shlex.split(line) for line in re.findall(r"^    nas (.*)$", lines, re.MULTILINE)]

    def errors(self) -> list[str]:
        return re.findall(r"^ +(error: .*)$", self.text, re.MULTILINE)


def shortened(text: str, **numbers: tuple[int, int]) -> str:
    """The text with other numbers in place of those that it must hold, such as fidelity=(100, 4)."""
    for name, (old, new) in numbers.items():
        assert f" {name}={old},\n" in text
        text = text.replace(f" {name}={old},\n", f" {name}={new},\n")
    return text


def nas(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the checks of types in this one would speak before the command does."""
    process = start(*arguments, folder=folder)
    out, err = process.communicate()
    assert process.returncode is not None
    return subprocess.CompletedProcess(args=arguments, returncode=process.returncode, stdout=out, stderr=err)


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
