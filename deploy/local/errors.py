class StackError(Exception):
    """The stack cannot do what was asked; the message says what to do and is shown without a traceback."""
