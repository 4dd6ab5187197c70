import json
import subprocess
import sys

SPEAKS = """
import logging
import faststream.kafka
from chassis import logs
logs.configure("probe", "INFO")
logs.logger("ours").info("record.dead_letter", offset=7)
logging.getLogger("faststream").error("from the framework")
logging.getLogger("aiokafka.consumer").warning("from a library, with %s", "an argument")
try:
    1 / 0
except ZeroDivisionError:
    logs.logger("ours").exception("record.mistake")
"""


def test_every_line_of_a_service_is_one_json_object() -> None:
    spoken = subprocess.run([sys.executable, "-c", SPEAKS], capture_output=True, text=True, check=True)
    assert spoken.stdout == ""
    lines = [json.loads(line) for line in spoken.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "record.dead_letter",
        "from the framework",
        "from a library, with an argument",
        "record.mistake",
    ]
    assert {line["service"] for line in lines} == {"probe"}
    assert lines[0]["offset"] == 7
    assert "ZeroDivisionError" in lines[3]["exception"]
