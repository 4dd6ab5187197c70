from decimal import Decimal

import pytest

from contracts.award import AwardStep, CategoryAward, Excluded, Ranked
from contracts.message import Bilingual
from contracts.notice import NoticeKind
from regulation.law import Law
from services.notify.domain.facts import NotNominated
from services.notify.domain.reasons import Nominations, answers, matters_of_answer
from tests.notify.messages import CLOSED, award_step

[NOMINATED] = award_step(2, AwardStep.NOMINATED).awards
REASON = "Tidak ada laporan 2023Q3 yang diterima / No report of 2023Q3 was accepted"
AWARD = NOMINATED.model_copy(
    update={
        "others": (
            Ranked(rank=4, region_code="63.71", score=Decimal("93.4249")),
            Ranked(rank=5, region_code="63.72", score=Decimal("90.1")),
        ),
        "excluded": (Excluded(region_code="62.71", reasons=(REASON,)),),
    }
)


def told(region: str, law: Law, award: CategoryAward = AWARD) -> list[NotNominated]:
    standing = Nominations(edition_year=2024, fiscal_year=2023, step=2, awards=(award,))
    found = answers(standing, region, asked_by="kota-contoh", at=CLOSED)
    matters = [matter for one in found for matter in matters_of_answer(one, one.event_id, law)]
    assert all((matter.kind, matter.region_code) == (NoticeKind.AWARD_NOT_NOMINATED, region) for matter in matters)
    return [matter.facts for matter in matters if isinstance(matter.facts, NotNominated)]


@pytest.mark.parametrize(
    ("region", "rank", "score", "lacking"), [("63.71", 4, "93.42", "0.00"), ("63.72", 5, "90.10", "3.33")]
)
def test_who_was_ranked_is_told_its_place_and_the_points_that_are_lacking_never_shown_as_fewer(
    law: Law, region: str, rank: int, score: str, lacking: str
) -> None:
    [facts] = told(region, law)
    assert (facts.rank, facts.score, facts.lacking) == (rank, Decimal(score), Decimal(lacking))
    assert (facts.ranked, facts.nominees, facts.last_score) == (93, 3, Decimal("93.42"))


def test_who_was_not_ranked_is_told_every_reason_in_both_languages(law: Law) -> None:
    [facts] = told("62.71", law)
    assert (facts.rank, facts.score, facts.lacking) == (None, None, None)
    assert facts.reasons == (
        Bilingual(id="Tidak ada laporan 2023Q3 yang diterima", en="No report of 2023Q3 was accepted"),
    )


@pytest.mark.parametrize("region", ["64.71", "31"])
def test_a_nominee_and_a_region_of_another_level_have_nothing_to_ask(law: Law, region: str) -> None:
    assert told(region, law) == []


def test_of_a_nomination_of_before_the_others_were_kept_the_reasons_are_told_all_the_same(law: Law) -> None:
    before = AWARD.model_copy(update={"others": None})
    assert told("63.71", law, before) == []
    assert len(told("62.71", law, before)) == 1


def test_asking_again_is_the_same_fact_and_a_new_nomination_another() -> None:
    def ids(step: int) -> set[str]:
        standing = Nominations(edition_year=2024, fiscal_year=2023, step=step, awards=(AWARD,))
        return {one.event_id for one in answers(standing, "63.71", asked_by="x", at=CLOSED)}

    assert ids(2) == ids(2) != ids(4)
