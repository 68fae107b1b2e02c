"""A resource: what one operator costs; a network costs the sum. See docs/writing-a-resource.md for other kinds.

nas info tiefenrausch --limit "my_resource.py:outputs <= 0.5 * published"
"""

from nas.costs import Resource


def outputs(op):
    """Numbers that the operator writes: a finite number from 0, always the same for the same operator."""
    return op.output.num_elements


RESOURCES = (Resource(name="outputs", unit="numbers", measure=outputs),)
