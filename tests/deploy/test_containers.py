import pytest

from deploy.local.errors import StackError
from deploy.local.ports import free_port
from tests.containers import kafka_container, kafka_environment
from tests.engines import EngineChoice


def test_the_image_gets_the_settings_of_the_local_broker_and_advertises_the_hosts_port() -> None:
    environment = kafka_environment(23_456)

    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:23456"
    assert environment["KAFKA_LISTENERS"] == "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093"
    assert environment["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == "1@127.0.0.1:9093"


async def test_containers_without_a_docker_daemon_are_refused_and_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")

    with pytest.raises(StackError, match=r"no Docker daemon answers .* unset SPM_TEST_ENGINES"):
        async with kafka_container():
            pass


def test_addresses_in_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_TEST_KAFKA", "broker.example:9092")
    monkeypatch.setenv("SPM_TEST_ENGINES", "containers")

    assert EngineChoice().kafka == "broker.example:9092"
    assert EngineChoice().engines == "containers"
