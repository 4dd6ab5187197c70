import pytest

from contracts.award import AwardState, AwardStep, AwardStepTakenV1
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.edition_view import view_of
from services.scoring.domain.errors import AlreadyTaken, OutOfOrder
from services.scoring.domain.steps import ORDER, Progress, changes_of, progress_by_edition
from tests.scoring.editions import CONFIRMS, ENTERS, closed, in_announcement, in_nomination, scored
from tests.scoring.panels import with_panel
from tests.scoring.reports import AUTHOR
from tests.scoring.years import year

SEATS = ("bappenas", "kemenkeu")
FIGURES = [*year("64"), *year("32")]


def at(law: Law, edition: AwardEdition, stage: AwardStep | None) -> Progress:
    """An edition that has come as far as this stage."""
    whole = in_announcement(in_nomination(law, edition, FIGURES), edition)
    return Progress(whole.steps[: 0 if stage is None else ORDER.index(stage) + 1])


def correct(progress: Progress, edition: AwardEdition) -> Progress:
    return progress.after(edition, AUTHOR, AwardStep.CORRECTED, refers_to=progress.standing[-1].number)


@pytest.mark.parametrize("stage", [None, *ORDER])
@pytest.mark.parametrize("step", ORDER)
def test_only_the_next_step_is_admitted(
    law: Law, edition: AwardEdition, stage: AwardStep | None, step: AwardStep
) -> None:
    progress = at(law, edition, stage)
    done = 0 if stage is None else ORDER.index(stage) + 1
    place = ORDER.index(step)
    if place == done:
        progress.admit(step, edition.panel)
    elif place < done:
        with pytest.raises(AlreadyTaken, match="Correct that one first"):
            progress.admit(step, edition.panel)
    else:
        with pytest.raises(OutOfOrder) as refused:
            progress.admit(step, edition.panel)
        assert len(refused.value.faults) == place - done


def test_each_missing_step_is_told_with_what_to_do(edition: AwardEdition) -> None:
    with pytest.raises(OutOfOrder) as refused:
        Progress().admit(AwardStep.DECIDED, edition.panel)
    assert refused.value.faults == (
        "The edition is not closed yet; take the step 'close' first.",
        "The edition is not nominated yet; take the step 'nominate' first.",
    )


def test_a_panel_that_sits_must_have_scored_and_been_confirmed(law: Law, edition: AwardEdition) -> None:
    judged = with_panel(edition, seats=SEATS, weight_pct=40)
    progress = in_nomination(law, judged, FIGURES)
    progress = progress.after(judged, ENTERS, AwardStep.SCORED, seat="bappenas", scores=())
    with pytest.raises(OutOfOrder) as refused:
        progress.admit(AwardStep.DECIDED, judged.panel)
    assert refused.value.faults == (
        "The scores of seat bappenas (step 3) wait to be confirmed by another key.",
        "The scores of seat kemenkeu are missing; enter them.",
    )
    assert progress.panel_scores() == {}
    progress = progress.after(judged, CONFIRMS, AwardStep.CONFIRMED, seat="bappenas", refers_to=3)
    scored(progress, judged, "kemenkeu", ()).admit(AwardStep.DECIDED, judged.panel)


def test_only_the_last_step_that_stands_is_corrected(law: Law, edition: AwardEdition) -> None:
    progress = at(law, edition, AwardStep.DECIDED)
    with pytest.raises(
        OutOfOrder, match=r"Step 2 \(nominated\) has others behind it; correct step 3 \(decided\) first"
    ):
        progress.admit_correction(2)
    with pytest.raises(OutOfOrder, match=r"Step 9 does not stand; standing are: 1 \(closed\), 2 \(nominated\)"):
        progress.admit_correction(9)
    assert progress.admit_correction(3).step is AwardStep.DECIDED


def test_a_correction_leaves_the_record_and_opens_the_step_again(law: Law, edition: AwardEdition) -> None:
    progress = at(law, edition, AwardStep.ANNOUNCED)
    for _ in range(4):
        progress = correct(progress, edition)
    assert (progress.stage, progress.standing, len(progress.steps)) == (None, (), 8)
    assert [step.refers_to for step in progress.steps[4:]] == [4, 3, 2, 1]
    progress.admit(AwardStep.CLOSED, edition.panel)
    with pytest.raises(OutOfOrder, match="standing are: none"):
        progress.admit_correction(1)


def test_a_correction_is_known_again_when_it_is_repeated(law: Law, edition: AwardEdition) -> None:
    progress = correct(at(law, edition, AwardStep.DECIDED), edition)
    assert progress.repeats_correction(3)
    assert not progress.repeats_correction(2)
    assert not Progress().repeats_correction(1)


def test_others_are_told_of_nominees_and_of_announced_winners_and_of_nothing_else(
    law: Law, edition: AwardEdition
) -> None:
    progress = at(law, edition, AwardStep.ANNOUNCED)
    told = {step.step: [(one.category, one.state) for one in changes_of(step)] for step in progress.steps}
    categories = ("provinsi", "kabupaten", "kota")
    assert told == {
        AwardStep.CLOSED: [],
        AwardStep.NOMINATED: [(category, AwardState.NOMINATED) for category in categories],
        AwardStep.DECIDED: [],
        AwardStep.ANNOUNCED: [(category, AwardState.DECIDED) for category in categories],
    }
    assert progress.told["provinsi"].winners == ("32", "64")
    assert progress.told["provinsi"].revision == 4
    assert correct(progress, edition).told["provinsi"].state is AwardState.NOMINATED


def test_steps_of_several_editions_are_told_apart_and_put_in_order(law: Law, edition: AwardEdition) -> None:
    other = law.award_edition(2023)
    mixed = [*reversed(at(law, edition, AwardStep.DECIDED).steps), *closed(other, FIGURES).steps]
    found = progress_by_edition(mixed)
    assert {year: progress.stage for year, progress in found.items()} == {
        2023: AwardStep.CLOSED,
        2024: AwardStep.DECIDED,
    }


def test_a_step_read_back_is_the_same(law: Law, edition: AwardEdition) -> None:
    for step in at(law, edition, AwardStep.ANNOUNCED).steps:
        assert AwardStepTakenV1.model_validate_json(step.model_dump_json()) == step


def test_winners_are_shown_to_everybody_once_announced_and_before_to_those_who_decide(
    law: Law, edition: AwardEdition
) -> None:
    decided = at(law, edition, AwardStep.DECIDED)
    assert view_of(law, edition, decided).awards[0].winners == []
    assert view_of(law, edition, decided, insider=True).awards[0].winners == ["32", "64"]
    assert view_of(law, edition, at(law, edition, AwardStep.ANNOUNCED)).awards[0].winners == ["32", "64"]


def test_the_view_tells_steps_corrections_criteria_and_reasons(law: Law, edition: AwardEdition) -> None:
    shown = view_of(law, edition, correct(at(law, edition, AwardStep.DECIDED), edition))
    assert [(step.number, step.step, step.undone_by) for step in shown.steps] == [
        (1, "closed", None),
        (2, "nominated", None),
        (3, "decided", 4),
        (4, "corrected", None),
    ]
    assert (shown.stage, shown.missing) == (AwardStep.NOMINATED, [])
    assert (shown.steps[0].author_role, shown.steps[0].key_id) == (AUTHOR.role, AUTHOR.key_id)
    provinsi = shown.awards[0]
    assert [one.region_name for one in provinsi.nominees] == ["Jawa Barat", "Kalimantan Timur"]
    assert (provinsi.excluded[0].region_name, len(provinsi.excluded[0].reasons)) == ("Aceh", 4)
    assert {row.source for row in provinsi.criteria} == {"ours"}
    assert view_of(law, edition, Progress()).awards[0].state is None
