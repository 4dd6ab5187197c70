"""A thousand records that nobody can read, among good ones: the good are judged, the bad are put aside, once each."""

from collections import Counter
from collections.abc import Callable
from random import Random

from chassis.events import Event
from chassis.settings import Settings
from contracts.topics import SUBMISSION_JUDGED, SUBMISSION_RECEIVED
from services.validation.app import build
from tests.faults.harness import Fed, Subject, books_of, drains, feed, reads_of, whole_topic, writes_of
from tests.faults.story import fed, planned_reports, received
from tests.running import running

POISON = 1_000
OVERSIZED_BYTES = 1_000_000
VALIDATION = Subject("validation", "", reads_of("validation"), writes_of("validation"))


def poisons(good: Event) -> dict[str, Callable[[Random], Fed]]:
    """Kinds of poison by the reason with which each must be put aside; made from a good record where that matters."""
    headers, key = list(good.wire_headers), good.key.encode()

    def record(value: bytes | None, changed: list[tuple[str, bytes | None]] | None = None) -> Fed:
        return Fed(good.topic, key, value, headers if changed is None else changed, 0)

    def without(name: str) -> list[tuple[str, bytes | None]]:
        return [header for header in headers if header[0] != name]

    return {
        "bad-json": lambda random: record(good.value[: random.randrange(1, len(good.value))]),
        "schema": lambda random: record(b'{"submission_id": %d}' % random.randrange(10**9)),
        "empty-body": lambda _: record(b""),
        "content-type": lambda _: record(good.value, [*without("content-type"), ("content-type", None)]),
        "not-a-cloudevent": lambda random: record(
            good.value, without(random.choice(["ce_id", "ce_type", "ce_source"]))
        ),
        "unknown-type": lambda _: record(good.value, [*without("ce_type"), ("ce_type", b"\xff\xfe\x00")]),
        "schema, oversized": lambda random: record(
            b'{"blob": "%s"}' % (random.choice(b"abc").to_bytes() * OVERSIZED_BYTES)
        ),
    }


async def test_a_thousand_poison_records_stop_no_good_one(settings: Settings) -> None:
    random = Random(1)
    good = fed([received(report) for report in planned_reports(12)])
    kinds = poisons(Event.of(received(planned_reports(1)[0])))
    names = random.choices([*kinds], weights=[30, 30, 10, 10, 10, 10, 2], k=POISON)
    bad = [kinds[name](random) for name in names]
    # Good records with headers that nobody asked for, broken ones among them, are still good.
    odd = [("odd", None), ("odd", b"\xff"), ("", b"")]
    good = [Fed(r.topic, r.key, r.value, [*r.headers, *odd], r.timestamp) if i % 2 else r for i, r in enumerate(good)]
    order = [True] * len(good) + [False] * len(bad)
    random.shuffle(order)
    goods, bads = iter(good), iter(bad)
    async with running("validation", build, settings) as client:
        await feed(settings, [next(goods) if is_good else next(bads) for is_good in order])
        await drains(VALIDATION, settings)
        assert (await client.get("/live")).status_code == 200
        judged = await whole_topic(settings, SUBMISSION_JUDGED.name)
        assert Counter(dict(record.headers)["ce_subject"] for record in judged) == Counter(
            dict(record.headers)["ce_subject"] for record in good
        )
        dead = await whole_topic(settings, SUBMISSION_RECEIVED.dead_letter_name)
        assert Counter(dict(letter.headers)["__spm.errors.reason"].decode() for letter in dead) == Counter(
            name.partition(",")[0] for name in names
        )
        places = Counter(
            (h["__spm.errors.partition"], h["__spm.errors.offset"]) for h in (dict(d.headers) for d in dead)
        )
        assert set(places.values()) == {1}
        assert Counter(letter.value for letter in dead) == Counter(record.value for record in bad)
        metrics = (await client.get("/metrics")).text
        assert f'spm_dead_letters_total{{reason="bad-json",topic="{SUBMISSION_RECEIVED.name}"}}' in metrics
    ledger = await books_of(settings)
    assert (ledger.balanced, ledger.total.sent, ledger.total.pending) == (True, len(good), 0)
