from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def no_target_has_reason(case: Case) -> Iterator[Violation]:
    """A target of zero is lawful only for a service that an event triggers, and states its reason.

    Silent on a missing target and on service types of another level: other rules speak then.
    """
    for position, target in enumerate(case.columns.targets):
        if target != 0 or (known := case.services.get(case.columns.names[position])) is None:
            continue
        if not known.conditional:
            yield case.breach(position, "recipients/target", found=0, expected="> 0")
        elif case.submission.services[position].no_target_reason is None:
            expected = "alasan tertulis / a written reason"
            yield case.breach(position, "no_target_reason", found=None, expected=expected)
