"""A small nation's year through the four services, on a real broker and database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from chassis.backup import take
from chassis.clock import SystemClock
from chassis.restore import bring_back
from cli.demo.balance import differences, expected_notices
from cli.demo.flow import Found
from cli.demo.generator import plan_year
from cli.demo.plan import Plan
from cli.rebuild import StillRunningError, forget
from contracts.notice import NoticeKind
from regulation.law import Law
from regulation.loading import load_law
from services.notify.domain.recipients import READERS
from tests.pipeline.installation import Installation
from tests.running import settings_for

pytestmark = pytest.mark.engines
REGIONS = 24
SERIES_MAX = 1_000
"""Of one replica; what a doubling of the regions does not change."""


@dataclass(frozen=True)
class Past:
    """A year that has passed; the services are stopped."""

    installation: Installation
    plan: Plan
    law: Law
    found: Found
    found_again: Found
    replayed: int
    documents: dict[str, list[str]]
    metrics: dict[str, list[Sample]]
    """By service, as they stood at the end."""


@pytest_asyncio.fixture(scope="module")
async def past(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Past]:
    law = load_law()
    plan = plan_year(law, seed=7, regions=REGIONS)
    installation = Installation.of(kafka, mongo, tmp_path_factory.mktemp("year"), plan.nation)
    async with installation.services() as clients:
        doors = installation.doors(clients)
        found = await installation.flow(plan, doors).run()
        with pytest.raises(StillRunningError, match="intake still runs"):
            await forget(installation.settings, lambda _: None, within_s=0)
        again = installation.flow(plan, doors)
        found_again = await again.run()
        await installation.all_read()
        metrics = {name: await scraped(client) for name, client in clients.items()}
    yield Past(installation, plan, law, found, found_again, again.replayed, await installation.documents(), metrics)


async def scraped(client: httpx.AsyncClient) -> list[Sample]:
    text = (await client.get("/metrics")).text
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def notices_of(past: Past, found: Found) -> dict[NoticeKind, int]:
    """Only regions of the nation have offices that can be told."""
    expected = dict(expected_notices(past.plan, found, past.law))
    overdue = len(past.plan.nation) * 4 - len(past.plan.reported)
    return expected | {NoticeKind.REPORT_OVERDUE: overdue * len(READERS[NoticeKind.REPORT_OVERDUE])}


def test_everything_balances(past: Past) -> None:
    assert differences(past.plan, past.found, past.law, notices_of(past, past.found)) == []


def test_the_faults_of_real_reports_were_among_them(past: Past) -> None:
    assert past.found.ledger["verdicts"]["returned"] > 0
    assert past.found.ledger["verdicts"]["accepted_with_warnings"] > 0
    assert past.found.ledger["overdue"] == 546 * 4 - len(past.plan.reported)


def test_three_categories_have_five_nominees_and_three_winners(past: Past) -> None:
    awards = {award["category"]: award for award in past.found.award["awards"]}
    assert set(awards) == {"provinsi", "kabupaten", "kota"}
    for award in awards.values():
        assert (award["state"], len(award["nominees"]), len(award["winners"])) == ("announced", 5, 3)


def test_each_delivered_notice_is_one_mail(past: Past) -> None:
    mails = past.installation.mails()
    assert len(mails) == sum(past.found.notices.values()) > 100
    assert len({message_from_bytes(mail)["Message-ID"] for mail in mails}) == len(mails)


def test_sending_the_year_again_changes_nothing(past: Past) -> None:
    assert past.replayed == len(past.plan.reports)
    assert past.found_again == past.found


def test_metrics_stay_few_and_none_is_of_one_region(past: Past) -> None:
    regions = {region.code for region in past.law.regions.reporting()}
    for service, samples in past.metrics.items():
        assert 100 < len(samples) < SERIES_MAX, service
        ours = (sample for sample in samples if sample.name.startswith("spm_"))
        assert not regions & {text for sample in ours for text in sample.labels.values()}, service


async def test_a_rebuild_gives_the_same_documents_and_sends_no_mail(past: Past) -> None:
    mails = len(past.installation.mails())
    await forget(past.installation.settings, lambda _: None)
    assert await past.installation.documents() == {}
    async with past.installation.running() as doors:
        again = past.installation.flow(past.plan, doors)
        await again.send()
        assert again.replayed == len(past.plan.reports)
        await past.installation.all_read()
    rebuilt = await past.installation.documents()
    assert rebuilt.keys() == past.documents.keys()
    for collection, documents in past.documents.items():
        assert rebuilt[collection] == documents, collection
    assert len(past.installation.mails()) == mails


async def test_a_backup_brought_back_to_empty_engines_makes_the_same_and_sends_no_mail(
    past: Past, tmp_path: Path
) -> None:
    await take(past.installation.settings, tmp_path / "copy", SystemClock(), lambda _: None)
    elsewhere = settings_for(past.installation.settings.kafka, past.installation.settings.mongo)
    names = {"kafka_prefix": elsewhere.kafka_prefix, "mongo_prefix": elsewhere.mongo_prefix}
    settings = past.installation.settings.model_copy(update=names)
    other = replace(past.installation, settings=settings, mail=tmp_path / "mail")
    await bring_back(settings, tmp_path / "copy", lambda _: None)
    async with other.services():
        await other.all_read()
    made = await other.documents()
    assert made.keys() == past.documents.keys()
    for collection, documents in past.documents.items():
        assert made[collection] == documents, collection
    assert other.mails() == []
