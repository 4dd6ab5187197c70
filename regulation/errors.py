"""What is raised when the law cannot be read or does not answer."""


class RegulationError(Exception):
    """The law as written is unusable, or silent on what was asked. A legal value is never defaulted."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))
