"""The one error that ends a run with a text for the user."""


class Failure(Exception):
    """Something the user can act on; its text says what is wrong and what to do."""
