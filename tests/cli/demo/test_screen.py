from io import StringIO

from rich.console import Console

from cli.demo.screen import WIDTH_MAX, Screen, make_console


def test_elsewhere_than_on_a_terminal_a_step_is_plain_lines() -> None:
    out = StringIO()
    screen = Screen(Console(file=out, width=WIDTH_MAX))
    with screen.step("reports sent", 2_184) as step:
        step.at(1_000)
    assert out.getvalue().startswith("  reports sent: 2,184 in ")
    assert "\x1b" not in out.getvalue()
    assert screen.counted == {"reports sent": 2_184}


def test_on_a_terminal_a_step_is_a_bar_that_leaves_one_line() -> None:
    out = StringIO()
    screen = Screen(Console(file=out, width=WIDTH_MAX, force_terminal=True, highlight=False))
    with screen.step("reports sent", 10) as step:
        step.at(5)
    assert "reports sent: 10 in " in out.getvalue().splitlines()[-1]


def test_long_lines_are_not_broken() -> None:
    out = StringIO()
    Screen(Console(file=out, width=WIDTH_MAX)).say("x" * 150)
    assert out.getvalue() == "x" * 150 + "\n"


def test_the_console_is_at_most_100_wide() -> None:
    assert make_console().width <= 100
