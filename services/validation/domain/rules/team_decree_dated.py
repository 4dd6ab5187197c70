from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def team_decree_dated(case: Case) -> Iterator[Violation]:
    """The decree that formed the team is not younger than the quarter; of no team ``team_formed`` speaks."""
    team, last_day = case.submission.team, case.last_day
    if team is not None and team.decree_date > last_day:
        yield Violation("/team/decree_date", found=f"{team.decree_date}", expected=f"≤ {last_day}")
