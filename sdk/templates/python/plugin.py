"""Refuses to close a ticket without a solution."""

from opora import refuse


def transition_guard(input):
    if input.category == "done" and not input.record.is_filled("solution"):
        return refuse("no_solution", "say how it was solved", "solution")
