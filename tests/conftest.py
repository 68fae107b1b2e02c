"""For all tests: Hypothesis proves laws here and takes no time; a slow machine breaks none."""

from hypothesis import HealthCheck, settings

settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")
