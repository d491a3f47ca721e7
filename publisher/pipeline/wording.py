"""How the program puts numbers into words, for the operator."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 source, 2 sources, 3 deliveries."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
