from services.validation.domain.case import PeerFigures
from services.validation.domain.kept_peers import KeptPeers, text_of
from services.validation.domain.outliers import Spread

SPREAD = Spread.of([0.1, 1 / 3, 0.7])
PEERS = {"edu.kab.basic": PeerFigures(SPREAD, None), "edu.kab.paud": PeerFigures(None, Spread.of([412_350.25]))}


def test_figures_of_peers_come_back_from_their_text_as_they_were() -> None:
    kept = KeptPeers(text_of(PEERS))
    assert kept == PEERS
    assert list(kept) == list(PEERS)
    assert len(kept) == len(PEERS)


def test_a_text_is_read_only_when_somebody_asks() -> None:
    assert text_of(KeptPeers("no JSON")) == "no JSON"
