class Unscorable(Exception):  # noqa: N818 - says what the report is
    """No index can be computed from what the law says; the text tells which row is missing or unknown."""
