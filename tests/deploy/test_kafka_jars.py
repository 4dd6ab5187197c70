from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest

from deploy.local.errors import StackError
from deploy.local.kafka_jars import LIST, Jar, listed_jars, missing_jars

CONTENT = b"the listed content"
JAR = Jar(PurePosixPath("org/example/group/thing/1.2/thing-1.2.jar"), sha256(CONTENT).hexdigest())


def test_the_committed_list_is_sorted_and_names_the_broker_and_its_log_binding() -> None:
    jars = listed_jars(LIST.read_text(encoding="ascii"))

    assert [jar.path for jar in jars] == sorted((jar.path for jar in jars), key=str)
    names = {jar.path.name for jar in jars}
    assert {"kafka_2.13-4.3.1.jar", "kafka-clients-4.3.1.jar", "log4j-slf4j-impl-2.25.4.jar"} <= names
    assert len(names) == len(jars) == 46
    assert {len(jar.sha256) for jar in jars} == {64}


def test_a_path_tells_the_coordinate() -> None:
    assert JAR.coordinate == ("org.example.group", "thing", "1.2")


def test_jars_that_are_not_there_are_missing(tmp_path: Path) -> None:
    assert missing_jars(tmp_path, [JAR]) == [JAR]


def test_a_listed_jar_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / JAR.path.name).write_bytes(CONTENT)

    assert missing_jars(tmp_path, [JAR]) == []


def test_a_jar_that_differs_is_refused_with_both_sums_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / JAR.path.name
    file.write_bytes(b"something else")

    with pytest.raises(StackError) as refusal:
        missing_jars(tmp_path, [JAR])

    text = str(refusal.value)
    assert str(file) in text
    assert f"expected sha256 {JAR.sha256}" in text
    assert f"found {sha256(b'something else').hexdigest()}" in text
    assert "Delete this file" in text


def test_a_jar_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stranger.jar").write_bytes(CONTENT)

    with pytest.raises(StackError, match=r"stranger\.jar is not one of the jars that kafka-jars\.sha256 lists"):
        missing_jars(tmp_path, [JAR])
