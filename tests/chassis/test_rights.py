"""What a service may do is what the contracts say that it does."""

import pytest

from chassis.rights import DESK, OPERATOR, SERVICES, Grant, Role, kafka_grants, mongo_roles
from chassis.settings import Settings
from contracts.topics import EVERY_TOPIC, PAUSE_CHANGED, SUBMISSION_JUDGED, SUBMISSION_RECEIVED, TOPICS

SETTINGS = Settings(kafka_prefix="uji-", mongo_prefix="uji_")
each_service = pytest.mark.parametrize("service", SERVICES)


def names(service: str, operation: str) -> set[str]:
    grants = kafka_grants(service, SETTINGS)
    return {grant.name for grant in grants if grant.operation == operation and grant.resource == "topic"}


@each_service
def test_a_service_reads_what_names_it_as_reader_or_follower_and_its_dead_letters_alone(service: str) -> None:
    assert names(service, "Read") == {
        *("uji-" + topic.name for topic in TOPICS if service in (*topic.read_by, *topic.followed_by)),
        *("uji-" + topic.dead_letter_name for topic in TOPICS if service in topic.read_by),
    }


@each_service
def test_a_service_writes_what_names_it_as_writer_and_the_dead_letters_of_what_it_reads(service: str) -> None:
    assert names(service, "Write") == {
        *("uji-" + topic.name for topic in TOPICS if service in topic.written_by),
        *("uji-" + topic.dead_letter_name for topic in TOPICS if service in topic.read_by),
    }


@each_service
def test_a_service_has_rights_by_whole_names_alone_in_its_own_group_and_its_own_database(service: str) -> None:
    grants = kafka_grants(service, SETTINGS)

    assert {grant.principal for grant in grants} == {f"uji-spm-{service}"}
    assert not any(grant.prefixed for grant in grants)
    assert {grant.operation for grant in grants} == {"Read", "Write"}
    assert [grant for grant in grants if grant.resource == "group"] == [
        Grant(f"uji-spm-{service}", "group", f"uji-spm-{service}", "Read")
    ]
    assert mongo_roles(service, SETTINGS) == [Role("readWrite", f"uji_{service}")]


def test_scoring_neither_reads_reports_at_the_door_nor_writes_verdicts() -> None:
    assert SUBMISSION_JUDGED.name in {name.removeprefix("uji-") for name in names("scoring", "Read")}
    assert "uji-" + SUBMISSION_RECEIVED.name not in names("scoring", "Read")
    assert "uji-" + SUBMISSION_JUDGED.name not in names("scoring", "Write")


def test_operators_have_this_installations_topics_groups_and_databases() -> None:
    grants = kafka_grants(OPERATOR, SETTINGS)

    assert {(grant.name, grant.prefixed) for grant in grants if grant.resource != "cluster"} == {("uji-spm-", True)}
    assert {role.database for role in mongo_roles(OPERATOR, SETTINGS)} == {f"uji_{name}" for name in SERVICES}


def test_operators_look_at_the_cluster_and_change_nothing_of_it() -> None:
    looks = {grant.operation for grant in kafka_grants(OPERATOR, SETTINGS) if grant.resource == "cluster"}
    assert looks == {"Describe", "DescribeConfigs"}


def test_the_desk_reads_all_but_pauses_and_writes_where_a_record_can_be_written_again_and_can_do_nothing_else() -> None:
    everything, paused = (
        {"uji-" + topic.name for topic in EVERY_TOPIC},
        {PAUSE_CHANGED.name, PAUSE_CHANGED.dead_letter_name},
    )

    assert names(DESK, "Read") == everything - {"uji-" + name for name in paused}
    assert names(DESK, "Write") == {"uji-" + topic.name for topic in TOPICS if topic.read_by}
    assert {(grant.resource, grant.prefixed) for grant in kafka_grants(DESK, SETTINGS)} == {("topic", False)}
    assert {grant.operation for grant in kafka_grants(DESK, SETTINGS)} == {"Read", "Write"}
    assert mongo_roles(DESK, SETTINGS) == []
