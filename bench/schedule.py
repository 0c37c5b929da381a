"""The order of the measurements of one mode. Pure."""


def turns(names, rounds):
    """(round, name) in order. Every second round runs backwards, so that a machine that becomes slower or faster does
    so for all, and nobody always follows the same neighbour."""
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            yield number, name
