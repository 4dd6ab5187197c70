import re

from regulation.law import Law
from regulation.loading import FOLDER


def test_every_source_that_is_named_is_registered_and_none_is_idle(law: Law) -> None:
    files = [path.read_text() for path in FOLDER.rglob("*.toml") if path.name != "sources.toml"]
    named = {key for text in files for key in re.findall(r"\bS[0-9]{2}\b", text)}
    assert named | {"ours"} == set(law.sources)


def test_our_own_defaults_say_that_they_are_not_official(law: Law) -> None:
    ours = law.sources["ours"]
    assert (ours.reliability, ours.title) == ("own", "Our own default, not an official figure")


def test_every_row_has_an_id_of_its_own(law: Law) -> None:
    row_ids = [row.row_id for row in law.rows.every()]
    assert len(row_ids) == len(set(row_ids))
    assert {"index_weights/2019-01-01", "regions/64.71", "bands/tuntas_muda/2019-01-01"} <= set(row_ids)
