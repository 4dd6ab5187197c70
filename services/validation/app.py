from chassis.service import Service, World
from contracts.topics import SUBMISSION_RECEIVED
from regulation.loading import load_law
from services.validation.handlers import Reception
from services.validation.metrics import ValidationMetrics
from services.validation.pages import rule_pages
from services.validation.routes import checks, peers, rules, verdicts
from services.validation.store import Store

NAME = "validation"


def build(world: World) -> Service:
    """The law is read once, so that a bad row stops the process and not a report."""
    store = Store(world.database)
    law = load_law()
    reception = Reception(store, law, ValidationMetrics(world.registry))
    groups = peers.PeerGroups(world, store, law)

    async def prepare() -> None:
        await store.prepare()
        await groups.make_up()

    return Service(
        NAME,
        handlers={SUBMISSION_RECEIVED: reception},
        routers=[
            verdicts.router(store),
            checks.router(reception.foresee, law, world.clock),
            peers.router(groups, store),
            rules.router(law, world.clock),
            rule_pages(law, world.clock),
        ],
        prepare=prepare,
        title="SPM Awards: validation",
    )
