"""Every scope that a key can hold, each with what it allows."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Scope = Literal[
    "audit:read",
    "awards:read",
    "awards:score",
    "awards:write",
    "keys:write",
    "notices:read",
    "operations:read",
    "operations:write",
    "periods:write",
    "recipients:read",
    "recipients:write",
    "scorecards:read",
    "submissions:import",
    "submissions:read",
    "submissions:write",
    "webhooks:read",
    "webhooks:write",
]

SCOPES: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        "audit:read": "See which requests were refused, and why.",
        "awards:read": "See the ranking, the steps and the bundle of an edition of the awards.",
        "awards:score": "Enter and confirm the scores of a seat of the panel.",
        "awards:write": "Take and correct the steps of an edition: close, nominate, decide, announce.",
        "keys:write": "Issue, list, rotate and revoke API keys; a region's key only with scopes that it holds.",
        "notices:read": "Read the notices to a region's officials.",
        "operations:read": "See records that services put aside, whole.",
        "operations:write": "Replay and discard records that services put aside.",
        "periods:write": "Open, extend, close and re-open reporting periods, and fix peer figures.",
        "recipients:read": "See who of a region is told, and where.",
        "recipients:write": "Register, mute and remove the recipients of a region's notices.",
        "scorecards:read": "Read a region's scorecards, explanations and what-if answers.",
        "submissions:import": "Hand in reports of the past with their original time of arrival.",
        "submissions:read": "See a region's reports and what became of them, and the reporting calendar.",
        "submissions:write": "Hand in reports, and try them before.",
        "webhooks:read": "See a region's webhooks and what was sent to them.",
        "webhooks:write": "Register, test and remove a region's webhooks, and change their keys.",
    }
)
