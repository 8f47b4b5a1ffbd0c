"""Stored public pages. Pages are rendered fresh for now; this is the place of the store.

The rules that make storing safe hold already: a public page depends on its address and the
clock alone, and everything that changes one ends in `forget_all()` when it is committed.
"""


def forget_all() -> None:
    """Forget every stored page; called after a change of public content is committed."""
