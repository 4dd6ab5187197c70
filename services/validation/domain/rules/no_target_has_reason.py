from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def no_target_has_reason(case: Case) -> Iterator[Violation]:
    """A target of zero is lawful only for a service that an event triggers, and states its reason.

    Silent on a missing target and on service types of another level: other rules speak then.
    """
    targets = case.columns.targets
    if 0 not in targets:
        return
    for position, service in enumerate(case.submission.services):
        known = case.services.get(service.service_type)
        if targets[position] != 0 or known is None:
            continue
        if not known.conditional:
            yield case.breach(position, "recipients/target", found=0, expected="> 0")
        elif service.no_target_reason is None:
            expected = "alasan tertulis / a written reason"
            yield case.breach(position, "no_target_reason", found=None, expected=expected)
