import pytest

from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED
from services.validation.domain.rules.no_target_has_reason import no_target_has_reason
from tests.validation.reports import PROVINSI, UNKNOWN, case, service, submission

ALWAYS = "edu.kab.basic"
EVENT_DRIVEN = "order.kab.fire_rescue"
FOREIGN = "health.prov.outbreak"
REASON = "Tidak ada kebakaran pada tahun ini."


@pytest.mark.parametrize(
    ("name", "target", "reason", "broken_at"),
    [
        (ALWAYS, 1, None, None),
        (ALWAYS, None, None, None),
        (ALWAYS, 0, None, "recipients/target"),
        (ALWAYS, 0, REASON, "recipients/target"),
        (EVENT_DRIVEN, 1, None, None),
        (EVENT_DRIVEN, None, None, None),
        (EVENT_DRIVEN, None, REASON, None),
        (EVENT_DRIVEN, 0, REASON, None),
        (EVENT_DRIVEN, 0, None, "no_target_reason"),
        pytest.param(FOREIGN, 0, None, None, id="another rule speaks of another level's service types"),
    ],
)
def test_zero_is_a_target_only_with_a_lawful_reason(
    law: Law, name: str, target: int | None, reason: str | None, broken_at: str | None
) -> None:
    report = submission(service("edu.kab.paud"), service(name, target=target, no_target_reason=reason))
    violations = list(no_target_has_reason(case(law, report)))
    assert [(found.pointer, found.service_type) for found in violations] == (
        [(f"/services/1/{broken_at}", name)] if broken_at else []
    )


def test_what_is_found_and_expected_tells_the_two_faults_apart(law: Law) -> None:
    report = submission(service(ALWAYS, target=0), service(EVENT_DRIVEN, target=0))
    no_zero, no_reason = no_target_has_reason(case(law, report))
    assert (no_zero.found, no_zero.expected) == ("0", "> 0")
    assert (no_reason.found, no_reason.expected) == (NOT_REPORTED, "alasan tertulis / a written reason")


def test_the_level_decides_what_an_event_triggers(law: Law) -> None:
    at_home = case(law, submission(service(FOREIGN, target=0), region_code=PROVINSI))
    assert [found.pointer for found in no_target_has_reason(at_home)] == ["/services/0/no_target_reason"]
    nowhere = case(law, submission(service(FOREIGN, target=0), region_code=UNKNOWN))
    assert not list(no_target_has_reason(nowhere))
