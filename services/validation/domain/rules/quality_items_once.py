from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def quality_items_once(case: Case) -> Iterator[Violation]:
    """Within one service type no item of quality stands twice."""
    every, end = case.columns.codes, 0
    for position, service in enumerate(case.submission.services):
        begin, end = end, end + len(service.quality)
        codes = every[begin:end]
        if len(set(codes)) == len(codes):
            continue
        for place, code in enumerate(codes):
            if (first := codes.index(code)) != place:
                expected = f"satu kali, seperti pada / once, as at /services/{position}/quality/{first}"
                yield case.breach(position, f"quality/{place}/code", found=code, expected=expected)
