from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def quality_items_once(case: Case) -> Iterator[Violation]:
    """Within one service type no item of quality stands twice."""
    for position, service in enumerate(case.submission.services):
        if len({item.code for item in service.quality}) == len(service.quality):
            continue
        codes = [item.code for item in service.quality]
        for place, code in enumerate(codes):
            if (first := codes.index(code)) != place:
                expected = f"satu kali, seperti pada / once, as at /services/{position}/quality/{first}"
                yield case.breach(position, f"quality/{place}/code", found=code, expected=expected)
