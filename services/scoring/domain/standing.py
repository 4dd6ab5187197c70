"""How a region stands: by the expected path while the year runs, by its band when the year is over.

Figures are cumulative, so in the first quarters even the best region lies in the lowest band, and its name would only
frighten. Source: the rows ``index_choices/expected_path`` of the law.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from contracts.message import Bilingual, Frozen
from contracts.quarter import Quarter
from contracts.scorecard import Percent
from services.scoring.domain.basis import Basis

_ON_PATH = Bilingual(id="Pada jalur", en="On the path")
_BELOW_PATH = Bilingual(id="Di bawah jalur", en="Below the path")


class Standing(Frozen):
    expected_pct: Percent
    on_path: bool
    final: Annotated[bool, Field(description="Whether the year is over, so that the band is the year's category.")]
    words: Annotated[Bilingual, Field(description="The band's name when final, else where it stands by the path.")]


def standing(index_pct: Decimal, quarter: Quarter, basis: Basis) -> Standing:
    on_path = index_pct >= basis.expected_pct
    final = quarter.following.fiscal_year > quarter.fiscal_year
    band = basis.band_of(index_pct)
    by_band = Bilingual(id=band.name_id, en=band.name_en)
    return Standing(
        expected_pct=basis.expected_pct,
        on_path=on_path,
        final=final,
        words=by_band if final else _ON_PATH if on_path else _BELOW_PATH,
    )
