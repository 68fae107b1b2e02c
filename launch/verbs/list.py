"""`nas list`: what can be named on the command line."""

import json

from nas.plugins import KINDS, PluginError


def run(*, kind: str | None, as_json: bool) -> int:
    if kind is not None and kind not in KINDS:
        raise PluginError(f"there is no list of {kind!r}; known: {', '.join(KINDS)}")
    found = {name: list(KINDS[name].keys()) for name in ([kind] if kind else KINDS)}
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        for name, keys in found.items():
            print(f"{name}: {', '.join(keys) or 'none'}")
    return 0
