"""``docs/rules.md``: every rule on one page."""

from typing import Final

from regulation.loading import load_law
from services.validation.domain.explanation import (
    KINDS,
    SEVERITIES,
    Explanation,
    ToldExample,
    ToldRule,
    ToldTerms,
    explain,
)

_HEAD: Final = """# Rules

Written by `spm generate` from `regulation/rules/*.toml` and `regulation/rulesets.toml`. Officials read the same, with
the figures of each example, at `/rules` of validation, in Indonesian first. Every report is judged by all rules that
hold on the last day of its quarter, and all findings come in one answer. Figures in examples are synthetic."""
_FOR_EVER: Final = "further notice"


def document() -> str:
    explanation = explain(load_law())
    chapters = []
    for kind, words in KINDS.items():
        if rules := [_rule(rule) for rule in explanation.rules.values() if rule.kind == kind]:
            chapters += [f"## {words.en}", *rules]
    return "\n\n".join([_HEAD, _rulesets(explanation), *chapters]) + "\n"


def _rulesets(explanation: Explanation) -> str:
    lines = ["| from | until | rule set | rules | digest |", "|---|---|---|---|---|"]
    for each in explanation.rulesets:
        last_day = each.last_day or _FOR_EVER
        lines.append(f"| {each.first_day} | {last_day} | `{each.id}` | {len(each.rules)} | `{each.digest}` |")
    return "\n".join(lines)


def _rule(rule: ToldRule) -> str:
    file = f"{rule.code.replace('-', '_')}.py"
    source = rule.source
    checked = f"confidence {source.confidence}, checked on {source.checked_on}"
    return "\n".join(
        [
            f"### {rule.code}\n\n{rule.what.en}  \n*{rule.what.id}*\n",
            *(f"- {_terms(terms)}" for terms in rule.terms),
            f"- Why: {rule.why.en}",
            f"- How to mend: {rule.remedy.en}",
            f"- Right: {_example(rule.right)}",
            f"- Wrong: {_example(rule.wrong)}",
            f"- Source: {source.title} (`{source.id}`); {source.article}; {checked}.",
            f"- Tested in [`{file}`](../services/validation/domain/rules/{file}).",
        ]
    )


def _terms(terms: ToldTerms) -> str:
    figures = "".join(f"; {each.id} {each.value} {each.unit}" for each in terms.thresholds)
    return f"From {terms.first_day} to {terms.last_day or _FOR_EVER}: {SEVERITIES[terms.severity].en}{figures}."


def _example(example: ToldExample) -> str:
    if example.finding_at is None:
        return example.sentence.en
    return f"{example.sentence.en} Found at `{example.finding_at or '/'}`."
