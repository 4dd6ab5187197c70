"""What the database looked at, as its own profiler tells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chassis.mongo import Database


@asynccontextmanager
async def profiled(database: Database) -> AsyncIterator[dict[str, int]]:
    """How many documents were examined, by what was asked; filled when it is left."""
    raw: Any = database
    looked: dict[str, int] = {}
    await raw.command("profile", 2)
    try:
        yield looked
    finally:
        await raw.command("profile", 0)
        async for each in raw["system.profile"].find({"docsExamined": {"$exists": True}}).sort("ts", 1):
            if not each["ns"].endswith("system.profile"):
                looked[str(each["command"])] = each["docsExamined"]
        await raw.drop_collection("system.profile")
