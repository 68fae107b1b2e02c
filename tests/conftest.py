r"""For all tests: Hypothesis proves laws here and takes no time; a slow machine breaks none. And what pytest is asked.

The README's pictures of a page come from a test, of any finished run:

    .venv/bin/python -m pytest tests/launch/report/test_explorer_page.py -k readme \
      --pictures docs/images --pictures-of runs/demo
"""

import signal

import pytest
from hypothesis import HealthCheck, settings

from tests import shapes

shapes.install()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background, and tests interrupt what they start
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="DIR", help="Write the README's pictures of a page there.")
    parser.addoption("--pictures-of", metavar="RUN", help="A finished run in place of the tests' tiny one.")
