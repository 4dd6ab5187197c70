"""A bundle verifies as it is, and no tampering with it goes unseen."""

import json
import random
import zlib
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from contracts.award import AwardStep, PanelScore
from regulation.law import Law
from regulation.reading import Rows
from regulation.rows import Region
from services.scoring.domain.audit import Audit, Unusable, audit
from services.scoring.domain.bundle import bundle_of, sealed
from services.scoring.domain.differences import Difference, differences
from services.scoring.domain.digests import canonical, digest_of
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.snapshot import Snapshot
from services.scoring.domain.steps import Progress
from tests.scoring.editions import in_announcement, in_nomination, scored
from tests.scoring.panels import law_with_panel
from tests.scoring.reports import AUTHOR
from tests.scoring.years import year

TAMPERINGS = 1_000
SEALED_AGAIN = 250
SEATS = ("bappenas", "kemenkeu")
WHO_WHEN_WHY = {"taken_at", "taken_by", "key_id", "author_role", "reason"}
Path = tuple[str | int, ...]


@pytest.fixture(scope="module")
def small_law(law: Law) -> Law:
    """With a panel, and with three provinces, so that a thousand audits take seconds."""
    judged = law_with_panel(law, seats=SEATS, weight_pct=30)
    regions = tuple(row for row in judged.rows.of(Region) if row.code[:2] in {"65", "75", "76"})
    return Law(Rows({**judged.rows.by_kind, Region: regions}))


@pytest.fixture(scope="module")
def figures(small_law: Law) -> list[QuarterFigures]:
    draw = random.Random(7)
    reporting = [region.code for region in small_law.regions.reporting()]
    whole = {code: year(code, index_pct=Decimal(draw.randint(0, 10_000)) / 100) for code in reporting}
    return [quarter for code, quarters in whole.items() for quarter in quarters[: draw.choice((3, 4, 4, 4))]]


@pytest.fixture(scope="module")
def progress(small_law: Law, figures: list[QuarterFigures]) -> Progress:
    """Scored, corrected, scored again, decided and announced."""
    edition = small_law.award_edition(2024)
    progress = in_nomination(small_law, edition, figures)
    for number, seat in enumerate((*SEATS, SEATS[1])):
        if number == len(SEATS):
            for _ in ("confirmation", "entry"):
                undone = progress.standing[-1].number
                progress = progress.after(edition, AUTHOR, AwardStep.CORRECTED, refers_to=undone)
        scores = [
            PanelScore(category=award.category, region_code=one.region_code, score_pct=Decimal(50 + 7 * one.rank))
            for award in progress.awards
            for one in award.nominees
        ]
        progress = scored(progress, edition, seat, scores)
    return in_announcement(progress, edition)


@pytest.fixture(scope="module")
def document(small_law: Law, figures: list[QuarterFigures], progress: Progress) -> bytes:
    return bundle_of(small_law, small_law.award_edition(2024), progress, Snapshot.of(figures))


def test_a_bundle_verifies_alone_and_beside_the_law_that_it_rests_on(document: bytes, small_law: Law) -> None:
    alone = audit(document)
    assert (alone.differences, alone.edition_year, alone.fiscal_year) == ((), 2024, 2023)
    assert alone == audit(document, small_law)
    assert alone.digest == digest_of(json.loads(document)["bundle"])
    assert set(alone.winners or ()) == {"provinsi", "kabupaten", "kota"}


def test_the_same_edition_gives_the_same_bytes_whatever_the_order_of_its_figures(
    small_law: Law, figures: list[QuarterFigures], progress: Progress, document: bytes
) -> None:
    shuffled = random.Random(1).sample(figures, k=len(figures))
    assert bundle_of(small_law, small_law.award_edition(2024), progress, Snapshot.of(shuffled)) == document


def test_an_edition_that_is_only_nominated_has_a_bundle_without_winners(law: Law) -> None:
    edition = law.award_edition(2023)
    nomination = in_nomination(law, edition, [])
    found = audit(bundle_of(law, edition, nomination, Snapshot.of([])), law)
    assert (found.differences, found.winners) == ((), {"provinsi": (), "kabupaten": (), "kota": ()})


def test_one_changed_figure_is_named_with_what_was_found_and_expected(document: bytes) -> None:
    changed = json.loads(document)
    place, figure = next((n, one) for n, one in enumerate(changed["bundle"]["figures"]) if one["period"] == "2023Q2")
    expected, figure["completeness_pct"] = figure["completeness_pct"], "12.5"
    pointer = f"/bundle/figures/{place}/completeness_pct"
    assert audit(canonical(changed)).differences == (Difference(pointer, "12.5", expected),)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path


def tampered(value: Any, draw: random.Random) -> Any:
    """Another value, of the same kind where there is one."""
    if isinstance(value, bool) or value is None:
        return draw.choice([one for one in (True, False, None) if one is not value])
    if isinstance(value, int):
        return value + draw.choice((-1, 1, 10))
    digits = [place for place, sign in enumerate(value) if sign.isdigit()]
    if not digits:
        return f"{value}x"
    place = draw.choice(digits)
    return value[:place] + str((int(value[place]) + draw.randint(1, 9)) % 10) + value[place + 1 :]


def changed_at(document: Any, path: Path, draw: random.Random) -> Any:
    """The document with another value at the path; the document itself stays as it is."""
    if not path:
        return tampered(document, draw)
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed_at(document[path[0]], path[1:], draw)
    return copy


def pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def test_each_of_a_thousand_changed_values_is_named(document: bytes) -> None:
    whole, draw = json.loads(document), random.Random(11)
    paths = list(leaves(whole))
    for path in draw.choices(paths, k=TAMPERINGS):
        found = audit(canonical(changed_at(whole, path, draw)))
        named = [one.pointer for one in found.differences]
        assert named == [pointer(path)] or path[0] == "copy_digest" == named[0][1:] + "_digest", path


def test_each_of_a_thousand_changed_bytes_is_seen(document: bytes) -> None:
    draw = random.Random(12)
    for _ in range(TAMPERINGS):
        place = draw.randrange(len(document))
        other = draw.choice([sign for sign in range(256) if sign != document[place]])
        assert_is_seen(document[:place] + bytes([other]) + document[place + 1 :])


def assert_is_seen(forged: bytes, law: Law | None = None) -> None:
    try:
        found = audit(forged, law)
    except Unusable:
        return
    assert found.differences != ()


def test_each_change_is_seen_that_was_sealed_again(document: bytes, small_law: Law) -> None:
    """Digest and copy are made to fit: what does not follow from the figures, or is other law, still shows.

    Only what nothing follows from does not: who, when and why, and what a step said that was undone.
    """
    bundle, draw = json.loads(document)["bundle"], random.Random(13)
    undone = {step["refers_to"] - 1 for step in bundle["steps"] if step["step"] == "corrected"}
    paths = [
        path
        for path in leaves(bundle)
        if path[0] != "steps" or (path[-1] not in WHO_WHEN_WHY and path[1] not in undone)
    ]
    for path in draw.choices(paths, k=SEALED_AGAIN):
        forged = sealed(changed_at(bundle, path, draw))
        found = audit(forged, small_law)
        assert found.differences != (), path


def test_who_when_and_why_is_seen_by_the_digest_that_was_made_public(document: bytes) -> None:
    bundle = json.loads(document)["bundle"]
    for name in WHO_WHEN_WHY:
        forged = json.loads(json.dumps(bundle))
        forged["steps"][1][name] = tampered(forged["steps"][1][name], random.Random(1))
        assert audit(sealed(forged)).digest != audit(document).digest


def forge(document: bytes, change: Any) -> Audit:
    bundle = json.loads(document)["bundle"]
    change(bundle)
    return audit(sealed(bundle))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda bundle: bundle["steps"].pop(0), "/bundle/steps/0/number"),
        (lambda bundle: bundle["steps"].pop(3), "/bundle/steps/3/number"),
        (lambda bundle: bundle["steps"][3].update(taken_by="panitera"), "/bundle/steps/3"),
        (lambda bundle: bundle["steps"][3].update(key_id="111111111111"), "/bundle/steps/3"),
        (lambda bundle: bundle["steps"][2]["scores"].pop(), "/bundle/steps/2"),
        (lambda bundle: bundle["figures"].pop(), "/bundle/steps/0/snapshot_digest"),
        (lambda bundle: bundle["figures"].reverse(), "/bundle/figures/0"),
        (lambda bundle: bundle["law"].reverse(), "/bundle/law/0"),
        (lambda bundle: bundle["result"]["categories"]["kota"]["winners"].reverse(), "/bundle/result/categories/kota"),
        (lambda bundle: bundle.update(remark="x"), "/bundle"),
        (lambda bundle: bundle["law"][0].update(row_id="bands/x"), "/bundle"),
    ],
)
def test_what_cannot_have_happened_is_told_where_it_stands(document: bytes, change: Any, where: str) -> None:
    found = forge(document, change)
    assert found.differences[0].pointer.startswith(where), found.differences[0]


def test_law_that_is_not_the_installed_one_is_named(document: bytes, law: Law) -> None:
    found = audit(document, law)
    assert {one.pointer.rpartition("/")[2] for one in found.differences} <= {"0", "1", "weight_pct"}
    assert [one.expected for one in found.differences if one.pointer.endswith("weight_pct")] == ["0"]


@pytest.mark.parametrize(
    "document_",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"bundle": NaN}', b'{"bundle": "\\ud800"}', b"[" * 100_000],
)
def test_what_is_no_bundle_is_unusable(document_: bytes) -> None:
    with pytest.raises(Unusable, match="expected is the answer of /v1/awards/…/bundle"):
        audit(document_)


def test_a_copy_that_unpacks_without_end_is_cut_off(document: bytes) -> None:
    bomb = json.loads(document)
    bomb["copy"] = b64encode(zlib.compress(b" " * 100_000_000)).decode()
    bomb["copy_digest"] = digest_of(bomb["copy"])
    assert audit(canonical(bomb)).differences != ()


def test_a_bundle_that_was_written_otherwise_says_so(document: bytes) -> None:
    spread = json.dumps(json.loads(document), indent=1).encode()
    assert audit(spread).differences[0].expected.startswith("canonical JSON")
    assert audit(document + b"\n").differences == ()


@pytest.mark.parametrize(
    ("found", "expected", "named"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [Difference("/a", "1", "True")]),
        ({"a/b": {"~": "x"}}, {"a/b": {"~": "y"}}, [Difference("/a~1b/~0", "x", "y")]),
        ([1], [1, 2], [Difference("/1", "nothing", "2")]),
        ({"a": 1}, {}, [Difference("/a", "1", "nothing")]),
        ({"a": None}, {}, [Difference("/a", "None", "nothing")]),
        ([], {}, [Difference("", "[]", "{}")]),
        ("1", 1, [Difference("", "1", "1")]),
        ("x" * 300, "", [Difference("", f"{'x' * 200}…", "")]),
    ],
)
def test_differences_are_named_by_their_place(found: Any, expected: Any, named: list[Difference]) -> None:
    assert list(differences(found, expected)) == named
