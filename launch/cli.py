"""The command `nas`: a group of verbs, whose arguments are in `launch.commands`."""

import click

from launch.commands import COMMANDS


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="chamnas")
@click.option("--traceback", "show_traceback", is_flag=True, help="Show where an error comes from.")
@click.pass_context
def nas(context: click.Context, show_traceback: bool) -> None:
    """Hardware-aware neural architecture search after ChamNet: limits that hold, and a winner to take away."""
    context.obj = show_traceback


for command in COMMANDS:
    nas.add_command(command)


def main() -> None:
    """Entry point of the command."""
    nas(prog_name="nas")
