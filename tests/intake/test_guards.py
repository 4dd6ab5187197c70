"""Who names the report that he replaces overwrites nothing that he has not seen."""

import asyncio

import pytest
import pytest_asyncio

from chassis.mongo import Database
from chassis.problems import Problem
from contracts.submission import Submission
from services.intake.domain import kept
from services.intake.domain.arrival import Arrival
from services.intake.routes.commit import ABANDONED_AFTER
from tests.intake.reports import ANOTHER_KOTA, KOTA, NOW, PERIOD, SECOND, arrival, period, submission
from tests.intake.test_admission import House, slowly, under_way

LATER = NOW + SECOND


@pytest_asyncio.fixture
async def house(database: Database) -> House:
    house = House(database)
    await house.store.prepare()
    await house.order(1)
    return house


def replacing(supersedes: str, served: int = 801, region: str = KOTA) -> Submission:
    return submission(region, served=served).model_copy(update={"supersedes": supersedes})


def guarded(supersedes: str, key: str = "perbaikan", served: int = 801) -> Arrival:
    return arrival(replacing(supersedes, served), key, LATER)


async def refusal(house: House, wanted: Arrival) -> Problem:
    with pytest.raises(Problem) as refused:
        await house.admission.admit(wanted)
    return refused.value


async def test_the_current_report_may_be_replaced_by_its_name(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    second, repeated = await house.admission.admit(guarded(first.submission_id))
    assert not repeated
    assert house.log.reports[-1].submission.supersedes == first.submission_id
    known = await house.store.submission(second.submission_id)
    assert known is not None
    assert {"claim", "attempt"}.isdisjoint(known)


async def test_a_report_that_was_replaced_is_no_ground_for_another(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    second, _ = await house.admission.admit(arrival(submission(served=802), "kedua", LATER))
    problem = await refusal(house, guarded(first.submission_id))
    assert (problem.status, problem.slug) == (409, "newer-report")
    assert problem.current == {
        "submission_id": second.submission_id,
        "arrived_at": LATER.isoformat(),
        "status_url": second.status_url,
    }
    assert second.submission_id in problem.detail
    assert await house.store.submission(guarded(first.submission_id).submission_id) is None
    assert len(house.log.reports) == 2


async def test_the_repetition_of_a_guarded_report_gets_its_receipt(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    second, _ = await house.admission.admit(guarded(first.submission_id))
    await house.admission.admit(arrival(submission(served=803), "ketiga", LATER))
    assert await house.admission.admit(guarded(first.submission_id)) == (second, True)


@pytest.mark.parametrize("name", ["laporan-lain", "kosong"])
async def test_what_is_not_there_cannot_be_replaced(house: House, name: str) -> None:
    elsewhere, _ = await house.admission.admit(arrival(submission(ANOTHER_KOTA), "lain"))
    names = {"laporan-lain": elsewhere.submission_id, "kosong": "tidak-ada"}
    problem = await refusal(house, guarded(names[name]))
    assert (problem.slug, problem.current) == ("newer-report", None)
    assert "is none" in problem.detail


async def test_of_two_that_replace_the_same_report_one_wins(house: House, database: Database) -> None:
    first, _ = await house.admission.admit(arrival())
    house.log.before = slowly
    replica = House(database)
    answers = await asyncio.gather(
        house.admission.admit(guarded(first.submission_id, "satu", 801)),
        replica.admission.admit(guarded(first.submission_id, "dua", 802)),
        return_exceptions=True,
    )
    (problem,) = [answer for answer in answers if isinstance(answer, Problem)]
    assert problem.slug in {"request-in-flight", "newer-report"}, "as soon as the winner is in the log, it is newer"
    loser = house if isinstance(answers[0], Problem) else replica
    key, served = ("satu", 801) if loser is house else ("dua", 802)
    assert (await refusal(loser, guarded(first.submission_id, key, served))).slug == "newer-report"
    assert len(house.log.reports) + len(replica.log.reports) == 2


async def test_a_report_on_its_way_may_be_newer(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    await house.store.begin([under_way("alive", arrival(submission(served=9), "lain", LATER))])
    assert (await refusal(house, guarded(first.submission_id))).slug == "request-in-flight"
    house.clock.instant = LATER + ABANDONED_AFTER + SECOND
    receipt, _ = await house.admission.admit(guarded(first.submission_id))
    assert receipt.submission_id == guarded(first.submission_id).submission_id


async def test_a_claim_that_a_dead_process_left_is_freed(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    left = under_way("died", guarded(first.submission_id, "mati", 9)) | {"claim": f"{KOTA}/{PERIOD}"}
    await house.store.begin([left])
    assert (await refusal(house, guarded(first.submission_id))).slug == "request-in-flight"
    house.clock.instant = LATER + ABANDONED_AFTER + SECOND
    receipt, _ = await house.admission.admit(guarded(first.submission_id))
    assert receipt.submission_id == guarded(first.submission_id).submission_id


async def test_what_the_log_says_of_a_guarded_report_holds_no_claim(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    report = guarded(first.submission_id)
    await house.store.begin([under_way("alive", report) | {"claim": f"{KOTA}/{PERIOD}"}])
    await house.store.add_received([(kept.logged(report.received(period().due_at), 1), NOW)])
    known = await house.store.submission(report.submission_id)
    assert known is not None
    assert {"claim", "attempt"}.isdisjoint(known)


async def test_of_reports_of_one_millisecond_the_last_in_the_log_is_current(house: House) -> None:
    facts = [arrival(submission(served=number), f"kunci-{number}").received(period().due_at) for number in range(4)]
    first, *_, last = facts
    await house.admission.admit_all([arrival(fact.submission, f"kunci-{n}") for n, fact in enumerate(facts)])
    assert (await refusal(house, guarded(last.submission_id))).slug == "request-in-flight"
    await house.store.add_received((kept.logged(fact, offset), NOW) for offset, fact in enumerate(facts))
    problem = await refusal(house, guarded(first.submission_id))
    assert (problem.slug, problem.current and problem.current["submission_id"]) == ("newer-report", last.submission_id)
    assert not (await house.admission.admit(guarded(last.submission_id)))[1]
