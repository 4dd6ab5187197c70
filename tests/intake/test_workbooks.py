"""The doors of clerks: form, way back, marked cells, and the page that has it all. On real Kafka and MongoDB."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO

import httpx
import pytest
import pytest_asyncio
from openpyxl import load_workbook

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.settings import Settings
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.verdict import VerdictOutcome
from services.intake.app import NAME, build
from services.intake.domain.arrival import Arrival
from services.intake.sheets.writing import MEDIA_TYPE
from tests.intake.reports import ANOTHER_KOTA, DUE, KOTA, NOW, body, finding, judged
from tests.intake.workbooks import TEN_MISTAKES, full_report, marked_cells, typed_into
from tests.running import Keys, eventually, running, settings_for

XLSX = {"Content-Type": MEDIA_TYPE}
ORDER = {
    "state": "open",
    "author_role": "Sekretariat SPM",
    "reason": "Sesuai jadwal.",
    "opens_at": "2023-10-01T00:00:00+07:00",
    "due_at": "2024-01-20T23:59:59+07:00",
}
FORM = f"/v1/templates/{KOTA}/2023Q4.xlsx"
WHO = {
    ("submitted_by.role", 0): "Operator SPM",
    ("submitted_by.unit", 0): "Bagian Tata Pemerintahan",
    ("accountable_official.role", 0): "Sekda Kota Contoh",
    ("accountable_official.unit", 0): "Sekretariat Daerah",
}


@dataclass(frozen=True)
class Desk:
    client: httpx.AsyncClient
    settings: Settings
    kota: dict[str, str]
    another: dict[str, str]

    async def form(self) -> bytes:
        answer = await self.client.get(FORM, headers=self.kota)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == MEDIA_TYPE
        return answer.content

    async def hand_in(self, file: bytes, **headers: str) -> httpx.Response:
        return await self.client.post("/v1/workbooks", content=file, headers=self.kota | XLSX | headers)

    async def send(self, file: bytes, region: str = KOTA, **headers: str) -> httpx.Response:
        files = {"workbook": ("laporan.xlsx", file, MEDIA_TYPE)}
        return await self.client.post(f"/upload/{region}", files=files, headers=self.kota | headers)

    async def kept(self, submission_id: str) -> Submission:
        path = f"/v1/submissions/{submission_id}/report"

        async def there() -> bool:
            return (await self.client.get(path, headers=self.kota)).status_code == 200

        await eventually(there)
        return Submission.model_validate_json((await self.client.get(path, headers=self.kota)).content)


@pytest_asyncio.fixture(scope="module")
async def desk(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    kota, another = (
        keys.issue(f"kota-{code}", ["submissions:write", "submissions:read"], code) for code in (KOTA, ANOTHER_KOTA)
    )
    secretariat = keys.issue("sekretariat", ["periods:write"])
    settings = settings_for(kafka, mongo, keys)
    async with running(NAME, build, settings, FixedClock(NOW)) as client:
        for period in ("2023Q3", "2023Q4"):
            assert (await client.put(f"/v1/periods/{period}", json=ORDER, headers=secretariat)).status_code == 201
        desk = Desk(client, settings, kota, another)
        last = full_report().model_copy(update={"period": "2023Q3"})
        answer = await client.post(
            "/v1/submissions", content=body(last), headers=kota | {"Content-Type": "application/json"}
        )
        await desk.kept(answer.json()["submission_id"])
        yield desk


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/templates/{ANOTHER_KOTA}/2023Q4.xlsx", 404),
        ("/v1/templates/99.99/2023Q4.xlsx", 404),
        (f"/v1/templates/{KOTA}/2001Q4.xlsx", 404),
        (f"/v1/templates/{KOTA}/2023Q5.xlsx", 422),
        ("/v1/submissions/none/workbook.xlsx", 404),
    ],
)
async def test_there_is_no_form_for_others_and_for_what_is_not_reported(desk: Desk, path: str, status: int) -> None:
    assert (await desk.client.get(path, headers=desk.kota)).status_code == status


async def test_a_browser_gets_the_form_with_the_key_as_its_password(desk: Desk) -> None:
    token = desk.kota["Authorization"].removeprefix("Bearer ")
    assert (await desk.client.get(FORM, auth=("", token))).status_code == 200
    challenged = await desk.client.get(FORM)
    assert challenged.headers["www-authenticate"].startswith("Basic")


async def test_what_is_no_workbook_is_refused_in_a_sentence(desk: Desk) -> None:
    for file, status, slug in (
        (b"{}", 415, "unsupported-media-type"),
        (typed_into(await desk.form(), {("head.template", 0): 0}), 422, "unreadable-workbook"),
        (typed_into(await desk.form(), {("head.period", 0): "2023"}), 422, "unreadable-workbook"),
        (typed_into(await desk.form(), {("head.region_code", 0): "99"}), 422, "unreadable-workbook"),
    ):
        answer = await desk.hand_in(file)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}"), answer.text
    assert (await desk.hand_in(b"x", **{"Content-Type": "text/csv"})).status_code == 415
    assert (await desk.hand_in(b"P" * (5 * 1024 * 1024 + 1))).status_code == 413


async def test_a_workbook_of_another_region_is_not_taken(desk: Desk) -> None:
    form = typed_into(await desk.form(), {("head.region_code", 0): ANOTHER_KOTA})
    assert (await desk.hand_in(form)).status_code == 403
    assert (await desk.send(form)).status_code == 422


async def test_ten_mistakes_come_back_as_ten_faults_and_as_ten_marked_cells(desk: Desk) -> None:
    file = typed_into(await desk.form(), TEN_MISTAKES)
    problem = (await desk.hand_in(file)).json()
    assert problem["type"] == "urn:spm:problem:unprocessable-workbook"
    assert len(problem["errors"]) == 10
    assert {f"{each['sheet']}!{each['cell']}" for each in problem["errors"]} >= {"Capaian!E7", "Umum!B12", "Mutu!G7"}
    assert all(each["pointer"].startswith("/") and " / " in each["detail"] for each in problem["errors"])

    answer = await desk.hand_in(file, Accept=MEDIA_TYPE)
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE)
    marked = marked_cells(answer.content)
    assert len(marked) == 10
    listed = load_workbook(BytesIO(answer.content))["Kesalahan"]
    assert [listed.cell(6, column).value for column in range(1, 6)] == [
        "Wilayah / Region",
        "Periode / Period",
        "Pesan / Message",
        "Sel / Cell",
        "Isian / Field",
    ]
    rows = [[cell.value for cell in row] for row in listed.iter_rows(min_row=7, max_row=16, max_col=5)]
    assert [row[3] for row in rows] == marked
    assert rows[0][:2] == ["Kota Balikpapan", "2023Q4"]
    first = listed["D7"].hyperlink
    assert first is not None
    assert first.location == "'Umum'!B8"


async def test_the_marked_workbook_is_taken_once_its_cells_are_mended(desk: Desk) -> None:
    marked = (await desk.hand_in(typed_into(await desk.form(), TEN_MISTAKES), Accept=MEDIA_TYPE)).content
    mended = dict.fromkeys(TEN_MISTAKES) | WHO | {("team.decree_date", 0): "16 Januari 2023"}
    mended[("quality.fulfilled", 0)] = "21.400,5"
    answer = await desk.hand_in(typed_into(marked, mended))
    assert answer.status_code == 202, answer.text
    report = await desk.kept(answer.json()["submission_id"])
    assert str(report.services[0].quality[0].fulfilled) == "21400.5"


async def test_the_form_of_a_reported_period_replaces_the_report_that_it_shows(desk: Desk) -> None:
    old = await desk.form()
    first = await desk.hand_in(typed_into(old, {("services.served", 4): "12.000"}))
    assert first.status_code == 202, first.text
    submission_id = first.json()["submission_id"]
    assert (await desk.kept(submission_id)).services[4].recipients.served == 12_000

    again = await desk.hand_in(typed_into(old, {("services.served", 4): "12.000"}))
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content

    newer = await desk.form()
    second = await desk.hand_in(typed_into(newer, {("services.served", 4): 12_500}))
    assert second.status_code == 202, second.text
    assert (await desk.kept(second.json()["submission_id"])).supersedes == submission_id
    late = await desk.hand_in(typed_into(newer, {("services.served", 4): 13_000}))
    assert (late.status_code, late.json()["type"]) == (409, "urn:spm:problem:newer-report")
    page = await desk.send(typed_into(newer, {("services.served", 4): 13_000}))
    assert page.status_code == 409
    assert "Sudah ada laporan yang lebih baru" in page.text


async def test_a_verdict_marks_its_cells_in_the_reports_workbook(desk: Desk) -> None:
    answer = await desk.hand_in(typed_into(await desk.form(), {("services.served", 9): 4_321}))
    submission_id = answer.json()["submission_id"]
    report = await desk.kept(submission_id)
    fact = _received(report, submission_id)
    verdict = judged(fact, VerdictOutcome.RETURNED, finding(service=2), finding(service=5))
    publisher = Publisher(desk.settings, "test", linger_ms=0)
    await publisher.start()
    await publisher.publish([Event.of(verdict)])
    await publisher.stop()
    path = f"/v1/submissions/{submission_id}/workbook.xlsx"

    async def marked() -> bool:
        return bool(marked_cells((await desk.client.get(path, headers=desk.kota)).content))

    await eventually(marked)
    assert marked_cells((await desk.client.get(path, headers=desk.kota)).content) == ["Capaian!E9", "Capaian!E12"]
    assert (await desk.client.get(path, headers=desk.another)).status_code == 404


def _received(report: Submission, submission_id: str) -> SubmissionReceivedV1:
    arrival = Arrival.of(report, client_id=f"kota-{KOTA}", key=None, imported_at=None, recorded_at=NOW)
    assert arrival.submission_id == submission_id
    return arrival.received(DUE)


async def test_the_page_takes_a_workbook_and_gives_back_the_marked_one(desk: Desk) -> None:
    page = await desk.client.get(f"/upload/{KOTA}", headers=desk.kota)
    assert FORM in page.text
    faulty = await desk.send(typed_into(await desk.form(), TEN_MISTAKES))
    assert faulty.status_code == 422
    assert faulty.text.count('<th scope="row">') == 10
    assert f'href="data:{MEDIA_TYPE};base64,' in faulty.text
    good = await desk.send(typed_into(await desk.form(), {("services.served", 11): "9.999"}))
    assert good.status_code == 202
    assert "Laporan diterima" in good.text


async def test_the_page_tells_in_words_what_is_no_form(desk: Desk) -> None:
    answer = await desk.send(b"no workbook")
    assert answer.status_code == 422
    assert "Berkas ini bukan buku kerja" in answer.text


async def test_the_page_is_for_its_region_and_its_own_forms_alone(desk: Desk) -> None:
    for path in (f"/upload/{ANOTHER_KOTA}", "/upload/99.99"):
        assert (await desk.client.get(path, headers=desk.kota)).status_code == 404
    assert (await desk.send(b"", region=ANOTHER_KOTA)).status_code in {403, 404}
    foreign = await desk.send(b"", **{"Sec-Fetch-Site": "cross-site", "Origin": "https://example.invalid"})
    assert foreign.status_code == 403
    own = await desk.client.get("/upload", headers=desk.kota)
    assert (own.status_code, own.headers["location"]) == (303, f"/upload/{KOTA}")
