"""Properties are not timed: machines that run tests are busy with other things."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
