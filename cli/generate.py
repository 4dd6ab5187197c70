"""Files that follow from the code: ``spm generate`` writes them, ``spm generate --check`` compares them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import asyncapi, rules_document, schemas
from contracts.topics import TOPICS
from deploy.grafana.boards import BOARDS

ROOT: Final = Path(__file__).parent.parent
SCHEMAS: Final = Path("contracts/schemas")


def _dashboard(uid: str) -> str:
    from deploy.grafana.drawing import drawn  # noqa: PLC0415 - Grafana's SDK belongs to the tools of development

    return drawn(next(board for board in BOARDS if board.uid == uid))


GENERATED: Final[dict[Path, Callable[[], str]]] = {
    **{
        SCHEMAS / f"{message.schema_name()}.schema.json": partial(schemas.message_schema, message)
        for topic in TOPICS
        for message in topic.messages
    },
    SCHEMAS / "submission.schema.json": schemas.submission_schema,
    Path("contracts/asyncapi.yaml"): asyncapi.document,
    Path("docs/rules.md"): rules_document.document,
    **{Path(f"deploy/grafana/dashboards/{board.uid}.json"): partial(_dashboard, board.uid) for board in BOARDS},
}


def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a file is stale.")] = False,
    root: Annotated[Path, typer.Option(help="The project's folder.")] = ROOT,
) -> None:
    """Write the files that follow from the code: schemas, the AsyncAPI document, the page of rules and dashboards."""
    outdated = stale(root)
    for path, text in outdated.items():
        if not check:
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        print(f"{'stale' if check else 'written'}: {path}")
    if check and outdated:
        print(f"{len(outdated)} of {len(GENERATED)} files are not what the code says; run `spm generate`.")
        raise typer.Exit(1)


def stale(root: Path) -> dict[Path, str]:
    """Generated files that are missing or differ below ``root``, with the text that they should have."""
    wanted = {path: write() for path, write in GENERATED.items()}
    return {path: text for path, text in wanted.items() if not _holds(root / path, text)}


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
