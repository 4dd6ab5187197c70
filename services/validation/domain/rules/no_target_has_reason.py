from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def no_target_has_reason(case: Case) -> Iterator[Violation]:
    """A target of zero is lawful only for a service that an event triggers, and states its reason.

    Silent on a missing target and on service types of another level: other rules speak then.
    """
    for position, service in enumerate(case.submission.services):
        if service.recipients.target != 0:
            continue
        name = service.service_type
        known = case.services.get(name)
        if known is None:
            continue
        if not known.conditional:
            yield Violation(f"/services/{position}/recipients/target", found="0", expected="> 0", service_type=name)
        elif service.no_target_reason is None:
            expected = "alasan tertulis / a written reason"
            pointer = f"/services/{position}/no_target_reason"
            yield Violation(pointer, found=NOT_REPORTED, expected=expected, service_type=name)
