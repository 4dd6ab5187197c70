from services.notify.domain.cursor import cursor_after, place_of
from services.notify.domain.examples import FACTS, example_of


def test_a_cursor_names_the_notice_behind_which_a_list_goes_on() -> None:
    notice = example_of(FACTS[0])
    assert place_of(cursor_after(notice)) == (notice.matter.fact_at, notice.id)


def test_no_cursor_begins_at_the_newest() -> None:
    assert place_of(None) is None
