from chassis.service import Service, World
from regulation.loading import load_law
from services.intake.handlers import Reader
from services.intake.metrics import IntakeMetrics
from services.intake.routes import ledger, periods, stories, submissions
from services.intake.routes.admission import Admission
from services.intake.routes.announcement import Announcement
from services.intake.store import Store

NAME = "intake"


def build(world: World) -> Service:
    law = load_law()
    store = Store(world.database)
    region_codes = [region.code for region in law.regions.reporting()]
    announcement = Announcement(store, world.publisher, world.clock, region_codes)
    admission = Admission(store, world.publisher, world.clock, IntakeMetrics(world.registry))

    async def prepare() -> None:
        await store.prepare()
        await announcement.make_up()

    return Service(
        NAME,
        handlers=Reader(store).handlers,
        routers=[
            submissions.router(admission, world.clock),
            stories.router(store),
            periods.reading(store),
            periods.writing(store, announcement, law, world.clock),
            ledger.router(store),
        ],
        prepare=prepare,
        title="SPM Awards: intake",
    )
