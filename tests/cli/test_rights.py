from itertools import pairwise

from typer.testing import CliRunner

from chassis.rights import PRINCIPALS, SERVICES, kafka_grants
from chassis.settings import Settings
from cli.main import app
from cli.rights import kafka_commands, mongo_commands

SETTINGS = Settings()


def words(command: str) -> list[str]:
    return command.split()


def test_the_commands_for_kafka_say_every_grant_once() -> None:
    said = [
        (line[line.index("--allow-principal") + 1], word.removeprefix("--"), name, line[line.index("--operation") + 1])
        for line in map(words, kafka_commands(SETTINGS))
        if line[0] == "kafka-acls.sh"
        for word, name in pairwise(line)
        if word in {"--topic", "--group"}
    ]
    wanted = [
        (f"User:{grant.principal}", grant.resource, grant.name, grant.operation)
        for service in PRINCIPALS
        for grant in kafka_grants(service, SETTINGS)
        if grant.resource != "cluster"
    ]
    assert sorted(said) == sorted(wanted)


def test_of_the_cluster_there_is_one_and_operators_alone_may_ask_it() -> None:
    said = [words(line) for line in kafka_commands(SETTINGS) if "--cluster" in line]
    assert [line[-5:] for line in said] == [
        ["--allow-principal", "User:spm-operator", "--operation", operation, "--cluster"]
        for operation in ("Describe", "DescribeConfigs")
    ]


def test_a_pattern_is_said_for_operators_alone() -> None:
    patterns = [line for line in kafka_commands(SETTINGS) if "--resource-pattern-type prefixed" in line]
    assert patterns
    assert all("User:spm-operator" in line for line in patterns)


def test_the_script_for_mongodb_makes_a_user_for_who_has_a_database_and_holds_no_password() -> None:
    script = list(mongo_commands(SETTINGS))

    assert (
        'db.createUser({user: "spm-scoring", pwd: passwordPrompt(), '
        'roles: [{"role": "readWrite", "db": "spm_scoring"}]});'
    ) in script
    assert sum("passwordPrompt()" in line for line in script) == len(SERVICES) + 1
    assert not any("desk" in line for line in script)


def test_both_are_printed() -> None:
    for engine in ("kafka", "mongo"):
        done = CliRunner().invoke(app, ["rights", engine])
        assert done.exit_code == 0, done.output
        assert "spm-validation" in done.output
