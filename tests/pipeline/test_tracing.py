"""One report on its way from the door to the letter, as a collector of spans sees it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx
import pytest
import pytest_asyncio
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from chassis.beside import Comparison
from chassis.clock import FixedClock
from chassis.operators import Order
from cli.beside import rebuild_beside
from regulation.loading import load_law
from tests.intake.reports import KOTA, NOW, PERIOD, body, submission
from tests.intake.site import ORDER as OPEN
from tests.notify.certificates import Authority
from tests.notify.receiver import Receiver, Request
from tests.pipeline.collector import Told, collecting
from tests.pipeline.installation import Installation
from tests.running import eventually

pytestmark = pytest.mark.engines
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SENDER = "00f067aa0ba902b7"
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
THE_WAY = [
    ("spm-intake", "POST /v1/submissions"),
    ("spm-intake", "admit report"),
    ("spm-intake", "send spm-submission-received-v1"),
    ("spm-validation", "process spm-submission-received-v1"),
    ("spm-validation", "send spm-submission-judged-v1"),
    ("spm-scoring", "process spm-submission-judged-v1"),
    ("spm-scoring", "send spm-scorecard-updated-v1"),
]
SHOWN = {
    *("http.request.method", "http.response.status_code", "http.route"),
    *("db.collection.name", "db.namespace", "db.operation.name", "db.system.name"),
    *("messaging.batch.message_count", "messaging.consumer.group.name", "messaging.destination.name"),
    *("messaging.destination.partition.id", "messaging.kafka.message.key", "messaging.kafka.offset"),
    *("messaging.operation.type", "messaging.system", "cloudevents.event_id"),
    *("spm.attempt", "spm.notice_id", "spm.notice_kind", "spm.notice_state"),
    *("spm.period", "spm.redelivered", "spm.region", "spm.submission_id"),
}
"""Codes, counts and ids; nothing that people wrote, no address and no path."""
LAW = load_law()


@dataclass(frozen=True)
class Story:
    spans: Sequence[Told]
    figures: Mapping[str, str]
    """What each service's metrics said, in OpenMetrics."""
    hooked: Request
    compared: Sequence[Comparison]
    """Notify's database, and what the log makes of it again."""

    @property
    def told(self) -> list[Told]:
        return [span for span in self.spans if span.trace_id == TRACE]

    def way_to(self, span: Told) -> list[Told]:
        """From the first span of the trace to this one."""
        by_id = {one.span_id: one for one in self.told}
        way = [span]
        while before := by_id.get(way[0].parent_id):
            way.insert(0, before)
        return way


@pytest_asyncio.fixture(scope="module")
async def story(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    folder = tmp_path_factory.mktemp("traced")
    authority = Authority.made_in(folder)
    receiver = Receiver(authority.server("localhost"))
    secret = folder / "secret"
    secret.write_bytes(b"a synthetic secret of forty synthetic bytes")
    plain = Installation.of(kafka, mongo, folder, [region for region in LAW.regions.reporting() if region.code == KOTA])
    with collecting() as collector:
        changes = {
            "otlp_endpoint": collector.endpoint,
            "webhook_secret": secret,
            "webhook_networks": "127.0.0.0/8, ::1/128",
            "webhook_ca_file": authority.file,
        }
        installation = replace(plain, settings=plain.settings.model_copy(update=changes))
        async with receiver.running(), installation.services(FixedClock(NOW)) as services:
            await lead(installation, services, f"https://localhost:{receiver.port}/hook")
            await eventually(lambda: len(installation.mails()) >= 2 and len(receiver.to("/hook")) >= 2, within_s=60)
            await installation.all_read()
            order, said = Order("operator", "sintetis"), list[str]()
            compared = await rebuild_beside(installation.settings, "notify", order, said.append, switch=False)
            answers = {name: await client.get("/metrics", headers=OPENMETRICS) for name, client in services.items()}
        figures = {name: answer.text for name, answer in answers.items()}
        yield Story(collector.spans, figures, receiver.to("/hook")[0], compared)


async def lead(installation: Installation, services: Mapping[str, httpx.AsyncClient], hook: str) -> None:
    headers = installation.headers
    opened = await services["intake"].put(f"/v1/periods/{PERIOD}", json=OPEN, headers=headers["secretariat"])
    added = await services["notify"].post("/v1/webhooks", json={"url": hook}, headers=headers["region-64.71"])
    told = {"Content-Type": "application/json", "traceparent": f"00-{TRACE}-{SENDER}-01"}
    handed_in = await services["intake"].post(
        "/v1/submissions", content=body(submission()), headers={**headers["region-64.71"], **told}
    )
    assert [opened.status_code, added.status_code, handed_in.status_code] == [201, 201, 202]


@pytest.mark.parametrize("last", ["send email", "send webhook"])
def test_each_step_hangs_on_the_one_before_up_to_the_sender_s_own(story: Story, last: str) -> None:
    of_the_scorecard = [one for one in story.told if one.attributes.get("spm.notice_kind") == "achievement_deficiency"]
    [sent] = [one for one in of_the_scorecard if one.name == last]
    way = story.way_to(sent)

    assert [(span.service, span.name) for span in way] == [*THE_WAY, ("spm-notify", last)]
    assert way[0].parent_id == SENDER
    assert [span.kind for span in way if span.name != "admit report"] == [
        SERVER,
        *[PRODUCER, CONSUMER] * 2,
        PRODUCER,
        CLIENT,
    ]
    assert [span.began_ns for span in way] == sorted(span.began_ns for span in way)
    assert (sent.attributes["spm.notice_state"], sent.attributes["spm.attempt"]) == ("delivered", 1)


def test_all_that_follows_from_the_report_is_one_trace_and_nothing_else_is_in_it(story: Story) -> None:
    apart = {span.name for span in story.spans if not span.parent_id}
    assert apart == {"PUT /v1/periods/{period:path}", "POST /v1/webhooks"}
    assert not any(span.failed for span in story.told)
    read_back = {(span.service, span.name) for span in story.told if span.kind == CONSUMER}
    assert read_back >= {
        ("spm-intake", "process spm-scorecard-updated-v1"),
        ("spm-intake", "process spm-notice-settled-v1"),
        ("spm-notify", "process spm-scorecard-updated-v1"),
    }


@pytest.mark.parametrize(
    ("command", "within"),
    [
        ("insert submissions", "admit report"),
        ("insert verdicts", "process spm-submission-received-v1"),
        ("insert scorecards", "process spm-submission-judged-v1"),
        ("update notices", "send email"),
    ],
)
def test_a_command_to_the_database_hangs_on_what_gave_it(story: Story, command: str, within: str) -> None:
    by_id = {span.span_id: span for span in story.told}
    found = [span for span in story.told if span.name == command]
    assert within in {by_id[span.parent_id].name for span in found}
    assert {span.kind for span in found} == {CLIENT}


def test_nothing_personal_is_told(story: Story) -> None:
    assert {name for span in story.spans for name in span.attributes} <= SHOWN
    told = " ".join(str(value) for span in story.spans for value in (span.name, *span.attributes.values()))
    for word in ("@", "Operator", "Sekda", "localhost", "spm_"):
        assert word not in told


def test_a_webhook_carries_the_trace_on(story: Story) -> None:
    sent = {span.span_id for span in story.told if span.name == "send webhook"}
    _, trace, span, kept = story.hooked.headers["traceparent"].split("-")
    assert (trace, span in sent, kept) == (TRACE, True, "01")


def test_a_rebuilt_database_knows_the_traces_and_the_rebuild_tells_of_none(story: Story) -> None:
    assert {one.collection for one in story.compared} >= {"notices"}
    assert all(one.live == one.rebuilt for one in story.compared), story.compared
    assert len([span for span in story.told if span.name == "send email"]) == 2
    assert not any(span.attributes.get("spm.redelivered") for span in story.spans)


@pytest.mark.parametrize("service", ["intake", "validation", "scoring", "notify"])
def test_the_histograms_of_latency_name_the_trace(story: Story, service: str) -> None:
    families = text_string_to_metric_families(story.figures[service])  # type: ignore[no-untyped-call]  # half is typed
    named = {
        family.name
        for family in families
        for sample in family.samples
        if sample.exemplar and sample.exemplar.labels == {"trace_id": TRACE}
    }
    expected = {"spm_handler_duration_seconds", "spm_stage_duration_seconds"}
    assert named == (expected | {"spm_http_request_duration_seconds"} if service == "intake" else expected)
