"""The rows of law that a region's scorecard of one quarter rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from contracts.quarter import Quarter
from regulation.index_rows import ExpectedPath, IndexChoices, IndexMethod, IndexWeights
from regulation.law import Law
from regulation.rows import Band, CatalogueLevel, ServiceType
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.rounding import shown

METHODS = frozenset({"standard_80_20"})
"""The index methods that ``index.py`` can compute and ``explanation.py`` can explain."""

_KEPT_MAX = 256


@dataclass(frozen=True, slots=True)
class Basis:
    catalogue: Mapping[str, tuple[ServiceType, ...]]
    """What the region must serve, by sector, in the order of the law."""
    methods: Mapping[str, IndexMethod]
    """How each sector is computed."""
    weights: IndexWeights
    choices: IndexChoices
    path: ExpectedPath
    """Where the year should stand at the end of the quarter."""
    bands: tuple[Band, ...]
    """Highest first."""
    row_ids: tuple[str, ...]

    def band_of(self, index_pct: Decimal) -> Band:
        decides = self.shown(index_pct) if self.choices.category_on == "rounded" else index_pct
        return next(band for band in self.bands if band.holds(decides))

    @property
    def expected_pct(self) -> Decimal:
        return self.path.expected_pct

    def shown(self, pct: Decimal) -> Decimal:
        return shown(pct, self.choices.display_decimals)


def basis_of(law: Law, region_code: str, quarter: Quarter) -> Basis:
    """The rows in force on the quarter's last day.

    Raises:
        Unscorable: the region is not in the law, or a row names an index method that is not known here.
        RegulationError: the law is silent on that day.
    """
    region = law.regions.get(region_code)
    if region is None:
        raise Unscorable(f"Region {region_code} is not in regions.toml; add its row or correct the code.")
    shared = _shared_basis(law, law.levels_served(region, quarter.last_day), quarter)
    return replace(shared, row_ids=(region.row_id, *shared.row_ids))


@lru_cache(maxsize=_KEPT_MAX)
def _shared_basis(law: Law, levels: frozenset[CatalogueLevel], quarter: Quarter) -> Basis:
    """What all regions with the same catalogue rest on."""
    on = quarter.last_day
    catalogue: dict[str, tuple[ServiceType, ...]] = {}
    for service in law.catalogue(levels, on):
        catalogue[service.sector] = (*catalogue.get(service.sector, ()), service)
    weights, choices = law.index_weights(on), law.index_choices(on)
    methods = {sector: known_method(law.index_method(sector, on)) for sector in catalogue}
    path = law.expected_path(quarter.number, on)
    services = (service for served in catalogue.values() for service in served)
    rows = (weights, choices, *methods.values(), path, *services)
    row_ids = tuple(row.row_id for row in rows)
    return Basis(catalogue, methods, weights, choices, path, law.bands(on), row_ids)


def known_method(row: IndexMethod) -> IndexMethod:
    """The row, when its method can be computed.

    Raises:
        Unscorable: it cannot.
    """
    if row.method not in METHODS:
        known = ", ".join(sorted(METHODS))
        raise Unscorable(
            f"{row.row_id} names the index method {row.method!r}, which is not there; known are: {known}."
            " Write the method in services/scoring/domain/index.py and explanation.py, or correct the row."
        )
    return row
