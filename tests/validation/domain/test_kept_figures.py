from services.validation.domain.case import Figures, PeerFigures
from services.validation.domain.kept_figures import KeptFigures, peer_figures, reported_figures, text_of
from services.validation.domain.outliers import Spread

REPORTED = {"edu.kab.basic": Figures(1_000, 0, None, 10**15), "edu.kab.paud": Figures(None, None, None, None)}
SPREAD = Spread.of([0.1, 1 / 3, 0.7])
PEERS = {"edu.kab.basic": PeerFigures(SPREAD, None), "edu.kab.paud": PeerFigures(None, Spread.of([412_350.25]))}


def test_figures_come_back_from_their_text_as_they_were() -> None:
    assert reported_figures(text_of(REPORTED)) == REPORTED
    assert peer_figures(text_of(PEERS)) == PEERS
    assert list(reported_figures(text_of(REPORTED))) == list(REPORTED)
    assert len(peer_figures(text_of({}))) == 0


def test_a_text_is_read_only_when_somebody_asks() -> None:
    kept = KeptFigures("no JSON", Figures._make)
    assert text_of(kept) == "no JSON"


def test_the_text_is_short() -> None:
    assert text_of({"edu.kab.basic": Figures(1_000, 0, None, 7)}) == '{"edu.kab.basic":[1000,0,null,7]}'
