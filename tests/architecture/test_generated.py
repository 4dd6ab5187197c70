from pathlib import Path

import pytest
import typer

from cli.generate import GENERATED, ROOT, SCHEMAS, generate, stale


def test_every_generated_file_says_what_the_code_says() -> None:
    outdated = sorted(map(str, stale(ROOT)))
    assert not outdated, f"stale: {outdated}; run `spm generate` and commit what it writes"


def test_no_schema_is_left_of_a_message_that_is_gone() -> None:
    kept = {path.relative_to(ROOT) for path in (ROOT / SCHEMAS).glob("*.json")}
    assert kept == {path for path in GENERATED if path.parent == SCHEMAS}


def test_generated_text_is_the_same_at_every_run() -> None:
    assert {path: write() for path, write in GENERATED.items()} == {path: write() for path, write in GENERATED.items()}


def test_a_missing_and_a_changed_file_are_stale_and_a_right_one_is_not(tmp_path: Path) -> None:
    right, changed, *missing = GENERATED
    for path, text in {right: GENERATED[right](), changed: "changed by hand"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert list(stale(tmp_path)) == [changed, *missing]


def test_check_fails_and_names_what_is_stale_and_generate_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as refused:
        generate(check=True, root=tmp_path)
    assert refused.value.exit_code == 1
    assert "stale: contracts/asyncapi.yaml" in capsys.readouterr().out
    generate(root=tmp_path)
    generate(check=True, root=tmp_path)
    assert (tmp_path / "contracts/asyncapi.yaml").is_file()
