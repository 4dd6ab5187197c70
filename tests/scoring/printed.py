"""Prints the digest of an edition's bundle: ``python -m tests.scoring.printed``, for processes to be compared."""

import random
import sys
from decimal import Decimal
from hashlib import sha256

from regulation.loading import load_law
from services.scoring.domain.bundle import bundle_of
from services.scoring.domain.snapshot import Snapshot
from tests.scoring.editions import in_announcement, in_nomination
from tests.scoring.years import year

if __name__ == "__main__":
    law = load_law()
    edition = law.award_edition(2024)
    draw = random.Random(3)
    codes = {region.code for region in law.regions.reporting()}
    figures = [one for code in codes for one in year(code, index_pct=Decimal(random.Random(code).randint(0, 99)))]
    draw.shuffle(figures)
    progress = in_announcement(in_nomination(law, edition, figures), edition)
    sys.stdout.write(sha256(bundle_of(law, edition, progress, Snapshot.of(figures))).hexdigest())
