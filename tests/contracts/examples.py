"""The examples of contracts/examples, each with the model that reads it."""

from dataclasses import dataclass
from pathlib import Path

import contracts
from contracts.message import Message
from contracts.topics import TOPICS

FOLDER = Path(contracts.__file__).parent / "examples"
MODELS = {message.schema_name(): message for topic in TOPICS for message in topic.messages}


@dataclass(frozen=True)
class Example:
    path: Path

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def model(self) -> type[Message]:
        return MODELS[self.path.parent.name]

    @property
    def text(self) -> bytes:
        return self.path.read_bytes()

    @property
    def message(self) -> Message:
        return self.model.model_validate_json(self.text)


EXAMPLES = [Example(path) for path in sorted(FOLDER.glob("*/*.json"))]
