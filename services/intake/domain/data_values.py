"""A report as DHIS2 writes it: a data value set, one value for each thing said. The names stand in docs/dhis2.md.

What stands once in a report, or once for a service type, is named by the data element alone; what stands in a list is
told apart by the category option combination. Lists come in the order in which their entries are first named.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from contracts.message import PeriodText, RegionCode
from contracts.submission import Submission

DATA_SET: Final = "SPM"
VALUES_MAX: Final = 20_000
_SHOWN_CHARS: Final = 60
_DEFAULT_OPTIONS: Final = frozenset({"", "default", "HllvX50cXC0"})
"""How DHIS2 names that nothing is told apart: nothing, the word, the identifier that every instance has."""
_SERVICE_TYPE: Final = re.compile(r"[a-z]+\.(prov|kab)\.[a-z_]+")
_HEAD: Final = {"/region_code": "/orgUnit", "/period": "/period"}

SERVICE: Final = {
    "target": ("recipients", "target"),
    "served": ("recipients", "served"),
    "unit": ("recipients", "unit"),
    "allocated": ("budget", "allocated"),
    "realised": ("budget", "realised"),
    "no_target_reason": ("no_target_reason",),
}
"""Behind the service type and a dot: where in its part of the report the value stands."""
ITEM: Final = {"item_name": "name", "item_unit": "unit", "required": "required", "fulfilled": "fulfilled"}
"""The same for a quality item, whose code is the category option combination."""
LISTS: Final = {
    "stage": ("stages", ("status", "evidence")),
    "problem": ("problems", ("service_type", "problem", "solution")),
    "justification": ("justifications", ("rule", "service_type", "author_role", "reason")),
}
"""Behind the name and a dot, once for each category option combination: a stage, or a number of the author's choice."""
ONCE: Final = {
    "team": ("decree_number", "decree_date", "members"),
    "action_plan": ("document_number", "adopted_on"),
    "submitted_by": ("role", "unit"),
    "accountable_official": ("role", "unit"),
    "nil_return": ("author_role", "reason"),
}
ALONE: Final = ("source_system", "supersedes")
_NAMED: Final = {"stages": "stage"}
"""The member of a list's entry that holds its category option combination."""
_WHOLE: Final = frozenset({"target", "served", "allocated", "realised", "members"})
_AMOUNTS: Final = frozenset({"required", "fulfilled"})
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?P<decimals>\.[0-9]{1,40})?")

Path = tuple[str | int, ...]


def _as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


class DataValue(BaseModel):
    """One thing said. Members that DHIS2 exports and a report has no place for are taken and not kept."""

    model_config = ConfigDict(frozen=True, strict=True)

    data_element: str = Field(alias="dataElement", max_length=100, examples=["edu.kab.basic.target"])
    option: str | None = Field(None, alias="categoryOptionCombo", max_length=100, examples=["KID33"])
    value: Annotated[
        str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "integer"], "examples": ["12450"]})
    ]
    period: PeriodText | None = None
    org_unit: Annotated[str | None, Field(alias="orgUnit", max_length=100)] = None
    attribute_option: Annotated[str | None, Field(alias="attributeOptionCombo", description="Not kept.")] = None
    comment: Annotated[str | None, Field(description="Not kept: what a report says has a data element.")] = None
    stored_by: Annotated[str | None, Field(alias="storedBy", description="Not kept.")] = None
    created: Annotated[str | None, Field(description="Not kept.")] = None
    last_updated: Annotated[str | None, Field(alias="lastUpdated", description="Not kept.")] = None
    followup: Annotated[bool, Field(description="Not kept.")] = False
    deleted: Literal[False] = False


class DataValueSet(BaseModel):
    """What a DHIS2 instance sends of one region and quarter."""

    model_config = ConfigDict(frozen=True, strict=True)

    data_set: Literal["SPM"] = Field(alias="dataSet")
    period: PeriodText
    org_unit: RegionCode = Field(alias="orgUnit")
    complete_date: Annotated[str | None, Field(alias="completeDate", description="Not kept.")] = None
    attribute_option: Annotated[str | None, Field(alias="attributeOptionCombo", description="Not kept.")] = None
    data_values: tuple[DataValue, ...] = Field(alias="dataValues", max_length=VALUES_MAX)


class MisfitError(ValueError):
    """A data value that says nothing of a report."""

    def __init__(self, member: str, text: str) -> None:
        super().__init__(text)
        self.member = member


@dataclass
class Draft:
    """A report's JSON as it was put together, not yet looked at, and where each part came from."""

    report: dict[str, Any]
    origins: dict[str, int] = field(default_factory=dict)
    """By JSON pointer into the report, the place of the data value that says what stands there."""
    neighbours: dict[str, int] = field(default_factory=dict)
    """By JSON pointer, the place of the first data value that says something below it."""
    misfits: list[tuple[str, str]] = field(default_factory=list)
    """Data values that say nothing of a report: where, and why."""

    def put(self, path: Path, place: int, value: int | str) -> None:
        """Raises:
        MisfitError: it was said before.
        """
        before = self.origins.setdefault(_pointer(path), place)
        if before != place:
            raise MisfitError("dataElement", f"/dataValues/{before} says it too; say it once")
        for length in range(1, len(path)):
            self.neighbours.setdefault(_pointer(path[:length]), place)
        _at(self.report, path[:-1])[path[-1]] = value

    def pointer(self, of_report: str) -> str:
        """Where in the data value set stands what is at fault in the report; where it is missing, its neighbour."""
        if of_report in self.origins:
            return f"/dataValues/{self.origins[of_report]}/value"
        if of_report in _HEAD:
            return _HEAD[of_report]
        above = of_report
        while above:
            if above in self.neighbours:
                return f"/dataValues/{self.neighbours[above]}"
            above = above.rpartition("/")[0]
        return "/dataValues"


def drafted(given: DataValueSet) -> Draft:
    """The report that the values say."""
    draft = Draft({"region_code": given.org_unit, "period": given.period, "services": []})
    places = _Places(draft.report)
    for place, value in enumerate(given.data_values):
        try:
            _elsewhere(given, value)
            path = places.path_of(value)
            draft.put(path, place, _written(str(path[-1]), value.value))
        except MisfitError as misfit:
            draft.misfits.append((f"/dataValues/{place}/{misfit.member}", str(misfit)))
    return draft


def data_value_set(report: Submission) -> DataValueSet:
    """The same report as values.

    Raises:
        ValueError: a service type, a quality item of one, or a stage is told of twice, or an item has the code with
            which DHIS2 says that nothing is told apart.
    """
    tree = report.model_dump(mode="json", exclude_none=True)
    values = tuple(
        DataValue(dataElement=name, categoryOptionCombo=option, value=str(value)) for name, option, value in _said(tree)
    )
    named = {(value.data_element, value.option) for value in values}
    if any(option in _DEFAULT_OPTIONS for _, option in named):
        raise ValueError("a quality item's code is what DHIS2 calls the default option")
    if len(named) < len(values):
        raise ValueError("a service type, quality item or stage stands in the report twice; DHIS2 has one value for it")
    return DataValueSet(dataSet=DATA_SET, period=report.period, orgUnit=report.region_code, dataValues=values)


class _Places:
    """Where in the report a data value belongs; entries of lists are made as they are named."""

    def __init__(self, report: dict[str, Any]) -> None:
        self._report = report
        self._entries: dict[Path, int] = {}

    def path_of(self, value: DataValue) -> Path:
        """Raises:
        MisfitError: no data element has this name, or it has its option where it needs none, or none where it needs it.
        """
        prefix, _, figure = value.data_element.rpartition(".")
        option = value.option or ""
        if value.data_element in ALONE:
            path: Path = (value.data_element,)
        elif figure in ONCE.get(prefix, ()):
            path = (prefix, figure)
        elif prefix in LISTS and figure in LISTS[prefix][1]:
            member = LISTS[prefix][0]
            return (*self._entry((member,), _option(value), _NAMED.get(member)), figure)
        elif _SERVICE_TYPE.fullmatch(prefix) and figure in ITEM:
            quality = (*self._service(prefix), "quality")
            return (*self._entry(quality, _option(value), "code"), ITEM[figure])
        elif _SERVICE_TYPE.fullmatch(prefix) and figure in SERVICE:
            path = (*self._service(prefix), *SERVICE[figure])
        else:
            text = f"{value.data_element[:_SHOWN_CHARS]!r} is no data element of the data set {DATA_SET}"
            raise MisfitError("dataElement", text)
        if option not in _DEFAULT_OPTIONS:
            text = f"found {option[:_SHOWN_CHARS]!r}; this data element is not told apart further, leave it out"
            raise MisfitError("categoryOptionCombo", text)
        return path

    def _service(self, service_type: str) -> Path:
        return self._entry(("services",), service_type, "service_type")

    def _entry(self, path: Path, name: str, kept_in: str | None) -> Path:
        """The place of a list's entry of this name."""
        index = self._entries.get((*path, name))
        if index is None:
            entries: list[dict[str, Any]] = _at(self._report, path[:-1]).setdefault(path[-1], [])
            index = self._entries[*path, name] = len(entries)
            entries.append({} if kept_in is None else {kept_in: name})
        return (*path, index)


def _option(value: DataValue) -> str:
    if value.option is None or value.option in _DEFAULT_OPTIONS:
        raise MisfitError("categoryOptionCombo", "it is missing; it tells apart what this data element is about")
    return value.option


def _elsewhere(given: DataValueSet, value: DataValue) -> None:
    if value.period not in {None, given.period}:
        raise MisfitError("period", f"found {value.period}, the set is of {given.period}; send one set a quarter")
    if value.org_unit not in {None, given.org_unit}:
        raise MisfitError("orgUnit", f"the set is of {given.org_unit}; send one set a region")


def _written(figure: str, text: str) -> int | str:
    """As JSON has it: whole numbers as numbers, amounts with decimals as text, which keeps them exact."""
    if figure not in _WHOLE | _AMOUNTS:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None or (match["decimals"] and figure in _WHOLE):
        kind = "a whole number" if figure in _WHOLE else "a number with a point before its decimals"
        raise MisfitError("value", f"found {text[:_SHOWN_CHARS]!r}, expected {kind}, without blanks or separators")
    return text if match["decimals"] else int(text)


def _pointer(path: Path) -> str:
    return "".join(f"/{step}" for step in path)


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree.setdefault(step, {}) if isinstance(tree, dict) else tree[step]
    return tree


def _said(tree: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Any]]:
    """Data element, category option combination and value of all that a report says."""
    for service in tree["services"]:
        name = service["service_type"]
        for figure, path in SERVICE.items():
            part = service.get(path[0]) if len(path) == 1 else service[path[0]].get(path[1])
            if part is not None:
                yield f"{name}.{figure}", None, part
        for item in service["quality"]:
            for figure, member in ITEM.items():
                if member in item:
                    yield f"{name}.{figure}", item["code"], item[member]
    for name, (member, figures) in LISTS.items():
        for number, entry in enumerate(tree[member], 1):
            option = entry[_NAMED[member]] if member in _NAMED else str(number)
            yield from ((f"{name}.{figure}", option, entry[figure]) for figure in figures if figure in entry)
    for name, figures in ONCE.items():
        part = tree.get(name, {})
        yield from ((f"{name}.{figure}", None, part[figure]) for figure in figures if figure in part)
    yield from ((name, None, tree[name]) for name in ALONE if name in tree)
