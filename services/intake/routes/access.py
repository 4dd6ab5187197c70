"""Keys, and the audit of what is refused to them: put together here, with their doors."""

from datetime import timedelta

from fastapi import APIRouter

from chassis.service import World
from regulation.law import Law
from services.intake.metrics import AuditMetrics
from services.intake.routes import audit, keys
from services.intake.store.keys import Keys
from services.intake.store.refusals import Refusals


class Access:
    def __init__(self, world: World, law: Law) -> None:
        self.keys = Keys(world.database)
        self._refusals = Refusals(world.database)
        life = timedelta(days=world.settings.key_days_max)
        self._desk = keys.KeyDesk(self.keys, world.publisher, world.clock, life=life)
        self.audit = audit.Audit(self._refusals, self.keys, AuditMetrics(world.registry))
        self.key_doors = APIRouter()
        self.key_doors.include_router(keys.writing(self._desk, self.keys, per_minute=world.settings.rate_limit))
        self.key_doors.include_router(keys.reading(self.keys, law))
        self.audit_doors = audit.router(self._refusals)

    async def prepare(self) -> None:
        """Make the indexes, and tell the log what it was not told."""
        await self.keys.prepare()
        await self._refusals.prepare()
        await self.make_up()

    async def make_up(self) -> None:
        """Tell the log of keys what a failure left unsaid."""
        await self._desk.make_up()
