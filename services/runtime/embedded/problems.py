"""What a user is told when a part of the embedded stack cannot start."""


class CannotStart(Exception):
    """A prerequisite is missing or broken. The message is one sentence that ends in the fix."""
