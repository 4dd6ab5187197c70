class Unscorable(Exception):  # noqa: N818 - says what the report or the row is
    """It cannot be computed; the text tells what is missing or unknown and where to mend it."""
