"""Each rule's own examples, which officials read on its page, are its first tests."""

import pytest

from contracts.submission import Submission
from contracts.verdict import SubmissionJudgedV1
from regulation.law import Law
from regulation.loading import load_law
from regulation.rows import Example, Rule
from tests.validation.worked import resolved, verdict, worked

each_rule = pytest.mark.parametrize("rule", load_law().rows.of(Rule), ids=lambda rule: rule.code)


def report_of(law: Law, example: Example) -> Submission:
    return worked(law, set=example.set, without=example.without)


def judged_as(law: Law, example: Example) -> SubmissionJudgedV1:
    return verdict(
        law,
        report_of(law, example),
        earlier=example.earlier,
        last_year=example.last_year,
        history=example.history,
        peers=example.peers,
    )


@each_rule
def test_no_rule_speaks_of_the_example_that_passes(law: Law, rule: Rule) -> None:
    judged = judged_as(law, rule.passes)
    assert [(finding.code, finding.pointer) for finding in judged.findings] == []


@each_rule
def test_the_rule_speaks_of_the_example_that_fails_where_it_says(law: Law, rule: Rule) -> None:
    example = rule.fails
    judged = judged_as(law, example)
    spoken = [finding for finding in judged.findings if finding.code == rule.code]
    assert [finding.pointer for finding in spoken] == [resolved(example.at, report_of(law, example))]
    assert all(finding.found and finding.expected for finding in spoken)


@each_rule
def test_an_example_that_passes_names_no_place_and_one_that_fails_names_one(rule: Rule) -> None:
    assert (rule.passes.at, bool(rule.fails.at)) == ("", True)
