"""`nas new`: the smallest file of a kind that runs, to change from there."""

import json
import re
import shlex
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
NEXT = {
    "experiment": (("info", "{file}"), ("search", "{file}", "--out", "{run}")),
    "space": (("info", "{file}"), ("info", "{file}", "--limit", "macs <= 0.5 * sketch")),
    "resource": (("info", "tiefenrausch", "--limit", "{file}:outputs <= 0.5 * published"),),
}
"""By kind, the commands to try."""


class NewError(ValueError):
    """A file that is not to be written."""


def run(*, kind: str, file: str, as_json: bool) -> int:
    commands = write(kind, Path(file))  # as it was given: so it reads in the commands that come next
    if as_json:
        print(json.dumps({"kind": kind, "file": file, "next": commands}, indent=1))
    else:
        print(
            "\n".join(
                [f"wrote {file}; it runs as it is, so try, change and try again:", *(f"    {one}" for one in commands)]
            )
        )
    return 0


def write(kind: str, file: Path) -> list[str]:
    """Write the template of a kind under the file's name; the commands to run next.

    Raises:
      NewError: the file is there already, is called in a way that nothing would find it, or has no folder to lie in.
    """
    _check_name(kind, file)
    text = (TEMPLATES / f"{kind}.py").read_text().replace(f"my_{kind}.py", file.name).replace(f"my_{kind}", file.stem)
    try:
        with file.open("x") as new:
            new.write(text)
    except FileExistsError:
        raise NewError(f"{file} is there already, and a new file replaces none; name another, or move it") from None
    names = {"file": str(file), "run": str(file.with_name("runs") / file.stem)}
    return [shlex.join(["nas", *(word.format_map(names) for word in words)]) for words in NEXT[kind]]


def _check_name(kind: str, file: Path) -> None:
    if file.suffix != ".py":
        raise NewError(f"a new {kind} is a .py file, got {file}; write {file.with_name(file.stem or kind)}.py")
    if re.fullmatch(r"[A-Za-z_][\w-]*", file.stem, re.ASCII) is None:
        raise NewError(
            f"a file's name is of letters, digits, '_' and '-' and begins with a letter, got {file.name}; write "
            f"my_{kind}.py"
        )
    if not file.parent.is_dir():
        raise NewError(f"there is no folder {file.parent}; make it first, or name a file in another one")
