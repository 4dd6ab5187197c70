"""The Python client of regional systems: hand reports in, keep the receipts, read what became of them."""

from client.answers import Finding, Obligation, Receipt, Scorecard, Story, Summary
from client.credentials import Tokens
from client.errors import Fault, Refused, SpmError, Unavailable
from client.retrying import Retry
from client.spm import Handed, SpmClient, Taken

__all__ = [
    "Fault",
    "Finding",
    "Handed",
    "Obligation",
    "Receipt",
    "Refused",
    "Retry",
    "Scorecard",
    "SpmClient",
    "SpmError",
    "Story",
    "Summary",
    "Taken",
    "Tokens",
    "Unavailable",
]
