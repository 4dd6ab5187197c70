import pytest

from contracts.award import AwardStep
from services.notify.domain.certificate import Issued, Paper, Standing, certificates_of, latest, step_named
from tests.notify.messages import award_step

NOMINATED = award_step(2, AwardStep.NOMINATED)
ANNOUNCED = award_step(4, AwardStep.ANNOUNCED, winners=["64.72", "64.71"])


def test_a_nominee_gets_a_certificate_and_a_letter_with_its_rank() -> None:
    of_second = [one for one in certificates_of(NOMINATED) if one.region_code == "64.72"]
    assert [(one.paper, one.place, one.among) for one in of_second] == [(Paper.NOMINEE, 2, 3), (Paper.RANK, 2, 93)]
    assert [one.number for one in of_second] == ["PN-2/kota/64.72/2024", "SP-2/kota/64.72/2024"]


def test_a_winner_gets_a_certificate_with_its_place_among_the_winners() -> None:
    issued = certificates_of(ANNOUNCED)
    assert [(one.number, one.place, one.among) for one in issued] == [
        ("PP-4/kota/64.72/2024", 1, 2),
        ("PP-4/kota/64.71/2024", 2, 2),
    ]


@pytest.mark.parametrize("step", set(AwardStep) - {AwardStep.NOMINATED, AwardStep.ANNOUNCED})
def test_no_other_step_issues_anything(step: AwardStep) -> None:
    assert certificates_of(award_step(3, step, winners=["64.71"])) == []


def test_a_winner_whom_nobody_nominated_gets_none_and_hinders_nobody() -> None:
    odd = award_step(4, AwardStep.ANNOUNCED, winners=["64.71", "31.71"])
    assert [one.region_code for one in certificates_of(odd)] == ["64.71"]


@pytest.mark.parametrize(
    ("change", "value"),
    [("place", 1), ("step", 3), ("score", "93.42"), ("author_role", "Orang lain"), ("figures_digest", "1" * 64)],
)
def test_the_digest_holds_for_every_word_of_the_statement(change: str, value: object) -> None:
    one = next(each for each in certificates_of(NOMINATED) if each.region_code == "64.72")
    other = one.model_validate(one.model_dump() | {change: value})
    assert other.digest != one.digest
    assert one.model_validate_json(one.model_dump_json()).digest == one.digest
    assert Issued(one).standing(one.digest) is Standing.GENUINE
    assert Issued(one).standing(other.digest) is Standing.NOT_GENUINE


def test_the_later_of_two_steps_counts() -> None:
    again = award_step(9, AwardStep.NOMINATED)
    issued = [Issued(one) for step in (again, NOMINATED) for one in certificates_of(step)]
    found = latest((one for one in issued if one.certificate.region_code == "64.71"), Paper.RANK)
    assert found is not None
    assert found.certificate.step == 9
    assert latest(issued, Paper.WINNER) is None


def test_a_number_names_its_step() -> None:
    assert [step_named(one.number) for one in certificates_of(ANNOUNCED)] == ["2024/4", "2024/4"]


@pytest.mark.parametrize("number", ["", "PP-0/kota/64.71/2024", "XX-4/kota/64.71/2024", "PP-4/kota/64.71/2024 ", "$ne"])
def test_what_is_no_number_names_nothing(number: str) -> None:
    assert step_named(number) is None
