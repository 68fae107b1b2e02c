"""The verbs' arguments, families in one file each; what a verb does is in `launch.verbs`. They import launch.options,
launch.paths, launch.verbs and nas.errors.

Verbs, and all else that is not needed to parse, are imported when a verb is called, so that help is instant.
"""

from launch.commands import asking, looking, searching, shipping

COMMANDS = (*searching.COMMANDS, *looking.COMMANDS, *shipping.COMMANDS, *asking.COMMANDS)

__all__ = [
    "COMMANDS",
]
