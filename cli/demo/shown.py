"""What came of it, for people to read."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from rich.table import Table

from cli.demo.balance import DIFFERENCES_SHOWN_MAX, overdue, owed
from cli.demo.doors import Answer
from cli.demo.flow import Flow, Found
from cli.demo.plan import Plan
from cli.demo.podium import Place
from cli.demo.screen import Screen
from contracts.notice import NoticeKind
from contracts.quarter import quarters_of
from contracts.verdict import VerdictOutcome
from regulation.law import Law

_RATED_FROM_S: Final = 1.0


def show(flow: Flow, found: Found, law: Law, notices: Mapping[NoticeKind, int]) -> None:
    """Everything that the demo found."""
    screen, plan = flow.screen, flow.plan
    for table in (
        _reports(plan, found, law),
        _attainment(plan, found, law),
        *(_award(plan, award) for award in found.award["awards"]),
        _notices(found, notices),
        _times(screen),
    ):
        screen.say("")
        screen.console.print(table)
    if not found.audit.differences:
        screen.say(
            f"Edition {plan.edition_year} recomputed from its bundle: everything agrees, digest {found.audit.digest}."
        )
    for already in flow.already:
        screen.say(f"Already so from an earlier run: {already}.")
    if flow.replayed:
        screen.say(f"{flow.replayed:,} reports were known already; each got its first receipt again.")


def show_balance(screen: Screen, differences: list[str]) -> None:
    screen.say("")
    if not differences:
        screen.say("Everything balances: each report has the planned verdict, each fact its notices.")
        return
    screen.say(f"{len(differences):,} things do not balance:")
    for sentence in differences[:DIFFERENCES_SHOWN_MAX]:
        screen.say(f"  {sentence}")
    if len(differences) > DIFFERENCES_SHOWN_MAX:
        screen.say(f"  and {len(differences) - DIFFERENCES_SHOWN_MAX:,} more")


def show_where_to_look(screen: Screen, addresses: Mapping[str, str], *, mail: str, credentials: Path) -> None:
    screen.say("\nWhere to look")
    for what, where in (
        ("the public pages", f"{addresses['scoring']}/"),
        ("a region's inbox", f"{addresses['notify']}/inbox/64.71"),
        ("  to sign in", f"type sekda@64-71.daerah.example, then open the link in the newest mail in {mail}"),
        ("  with a key", f"{addresses['notify']}/inbox?key: any name; the password is region-64.71 in {credentials}"),
        ("every letter", f"{addresses['notify']}/preview"),
        ("the mail itself", mail),
        ("the door's manual", f"{addresses['intake']}/docs"),
        *((f"metrics of {name}", f"{address}/metrics") for name, address in addresses.items()),
        ("how it stands", "make status"),
        ("to stop it", "make down"),
    ):
        screen.say(f"  {what:<22}{where}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", min_width=22 if number == 0 else 0)
    return table


def _reports(plan: Plan, found: Found, law: Law) -> Table:
    table = _table(f"Reports of fiscal year {plan.fiscal_year}", "", "planned", "found")
    ledger, total = found.ledger, found.ledger["total"]
    late = sum(not story["on_time"] for story in found.stories.values())
    for name, planned, counted in (
        ("sent", len(plan.reports), total["sent"]),
        *((f"  {one.replace('_', ' ')}", plan.outcomes[one], ledger["verdicts"][one]) for one in VerdictOutcome),
        ("  pending", 0, total["pending"]),
        ("of them late", plan.late, late),
        ("of them corrections", plan.revised, total["superseded"]),
        (f"overdue, of {owed(plan, law):,} owed", overdue(plan, law), ledger["overdue"]),
    ):
        table.add_row(name, f"{planned:,}", f"{counted:,}")
    even = found.samples - len(found.imbalances)
    table.add_row("samples of the ledger in balance", f"{found.samples:,}", f"{even:,}")
    return table


def _attainment(plan: Plan, found: Found, law: Law) -> Table:
    last = quarters_of(plan.fiscal_year)[-1]
    attainment = found.attainment[last.text]
    kinds = attainment["kinds"]
    table = _table(f"Attainment, {last.text}", "", *(kind["kind"] for kind in kinds), "all")
    for band in law.bands(last.last_day):
        counts = [kind["bands"][band.id] for kind in kinds]
        table.add_row(f"{band.name_id} (from {band.lower_pct})", *map(str, counts), str(attainment["bands"][band.id]))
    table.add_row("regions scored", *(str(kind["scored"]) for kind in kinds), str(sum(k["scored"] for k in kinds)))
    table.add_row("mean index", *(str(kind["mean_index_shown"]) for kind in kinds))
    return table


def _award(plan: Plan, award: Answer) -> Table:
    table = _table(
        f"{award['name']['id']}, SPM Awards {plan.edition_year}: {award['ranked']} ranked, {award['state']}",
        "region",
        "rank",
        "score",
        "index",
        "",
        "published result",
    )
    for nominee, place in zip(award["nominees"], plan.podium.places[award["category"]], strict=False):
        code = nominee["region_code"]
        table.add_row(
            f"{code} {nominee['region_name']}",
            str(nominee["rank"]),
            _two_decimals(nominee["score"]),
            _two_decimals(nominee["index_pct"]),
            "winner" if code in award["winners"] else "nominee",
            _beside(code, place),
        )
    return table


def _beside(code: str, place: Place) -> str:
    if not place.published:
        return "not published"
    return "agrees" if place.region_code == code else f"differs: {place.region_code}"


def _notices(found: Found, notices: Mapping[NoticeKind, int]) -> Table:
    states = sorted({state for _, state in found.notices})
    table = _table("Notices", "", "expected", *(state.replace("_", " ") for state in states))
    for kind, expected in notices.items():
        counts = (f"{found.notices.get((kind, state), 0):,}" for state in states)
        table.add_row(kind.replace("_", " "), f"{expected:,}", *counts)
    return table


def _times(screen: Screen) -> Table:
    table = _table("Time taken", "", "seconds", "a second")
    for title, seconds in screen.took_s.items():
        # Work that an earlier demo did is found done at once; a rate would say nothing.
        rate = f"{screen.counted[title] / seconds:,.0f}" if seconds >= _RATED_FROM_S else ""
        table.add_row(title, f"{seconds:,.1f}", rate)
    table.add_row("in sum", f"{sum(screen.took_s.values()):,.1f}", "")
    return table


def _two_decimals(figure: str) -> str:
    return f"{Decimal(figure):.2f}"
