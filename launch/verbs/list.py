"""`nas list`: what can be named on the command line."""

from launch.json_text import json_text
from nas.plugins import KINDS, PluginError


def run(*, kind: str | None, as_json: bool) -> int:
    if kind is not None and kind not in KINDS:
        raise PluginError(f"there is no list of {kind!r}; known: {', '.join(KINDS)}")
    found = {name: list(KINDS[name].keys()) for name in ([kind] if kind else KINDS)}
    if as_json:
        print(json_text(found))
    else:
        for name, keys in found.items():
            print(f"{name}: {', '.join(keys) or 'none'}")
    return 0
