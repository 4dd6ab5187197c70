"""The certificates of each step of an edition, and whether a correction undid the step.

Both writes set their own fields of the step's document, so that they commute: a record that was dead-lettered may be
read after the correction of its step.
"""

import json
from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter

from chassis.mongo import Database, Document, UpdateOne
from contracts.award import AwardStep, AwardStepTakenV1
from services.notify.domain.certificate import Certificate, Issued, Withdrawal, certificates_of, step_id, step_named
from services.notify.domain.reasons import Nominations

_NOMINATIONS: Final = TypeAdapter(Nominations)
STEPS_MAX: Final = 1_000
"""Of one region: an edition has about two that name it."""


class CertificateStore:
    def __init__(self, database: Database) -> None:
        self._steps = database["award_steps"]

    async def prepare(self) -> None:
        await self._steps.create_index("certificates.region_code")

    async def keep(self, steps: Sequence[AwardStepTakenV1]) -> None:
        writes = [write for step in steps for write in (_issue(step), _withdrawal(step)) if write is not None]
        if writes:
            await self._steps.bulk_write(writes, ordered=False)

    async def of_step(self, edition_year: int, step: int) -> list[Certificate]:
        document = await self._steps.find_one({"_id": step_id(edition_year, step)})
        return [] if document is None else [issued.certificate for issued in _issued(document)]

    async def of_region(self, region: str) -> list[Issued]:
        """Oldest edition first, the withdrawn ones too."""
        found = self._steps.find({"certificates.region_code": region}).sort("_id", 1).limit(STEPS_MAX)
        issued = [one for document in await found.to_list(None) for one in _issued(document)]
        return [one for one in issued if one.certificate.region_code == region]

    async def nominations(self, edition_year: int) -> Nominations | None:
        """The nomination of the edition that no correction has undone."""
        return await self._standing({"nominations.edition_year": edition_year})

    async def latest_nominations(self) -> Nominations | None:
        """Those of the latest edition that has any."""
        return await self._standing({"nominations": {"$exists": True}})

    async def _standing(self, wanted: Document) -> Nominations | None:
        standing = self._steps.find(wanted | {"withdrawn": {"$exists": False}})
        newest = standing.sort([("nominations.edition_year", -1), ("nominations.step", -1)])
        found = await newest.limit(1).to_list(None)
        return _NOMINATIONS.validate_json(json.dumps(found[0]["nominations"])) if found else None

    async def find(self, number: str) -> Issued | None:
        named = step_named(number)
        document = None if named is None else await self._steps.find_one({"_id": named})
        issued = [] if document is None else _issued(document)
        return next((one for one in issued if one.certificate.number == number), None)


def _issue(step: AwardStepTakenV1) -> UpdateOne | None:
    certificates = [certificate.model_dump(mode="json") for certificate in certificates_of(step)]
    if not certificates and step.step is not AwardStep.NOMINATED:
        return None
    named = {"_id": step_id(step.edition_year, step.number)}
    issued: Document = {"certificates": certificates}
    if step.step is AwardStep.NOMINATED:
        awards = [award.model_dump(mode="json") for award in step.awards]
        place = {"edition_year": step.edition_year, "fiscal_year": step.fiscal_year, "step": step.number}
        issued["nominations"] = place | {"awards": awards}
    return UpdateOne(named, {"$set": issued}, upsert=True)


def _withdrawal(step: AwardStepTakenV1) -> UpdateOne | None:
    if step.step is not AwardStep.CORRECTED or step.refers_to is None:
        return None
    withdrawal = Withdrawal(step=step.number, at=step.taken_at, author_role=step.author_role)
    named = {"_id": step_id(step.edition_year, step.refers_to)}
    return UpdateOne(named, {"$set": {"withdrawn": withdrawal.model_dump(mode="json")}}, upsert=True)


def _issued(document: Document) -> list[Issued]:
    told = document.get("withdrawn")
    withdrawn = None if told is None else Withdrawal.model_validate(told)
    return [Issued(Certificate.model_validate(each), withdrawn) for each in document.get("certificates", ())]
