import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.local.engines import start_mongod
from deploy.local.errors import StackError
from tests.engines import TERMINATED, Engines

pytestmark = pytest.mark.engines
ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.engines import private_engines, run_with_engines

async def main():
    async with private_engines(Path(sys.argv[1])) as engines:
        print((await engines.mongod()).pid, flush=True)
        await asyncio.sleep(60)

run_with_engines(main())
"""


async def test_kafka_keeps_what_it_acknowledged_when_it_is_killed(engines: Engines) -> None:
    broker = await engines.kafka()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=broker.address, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait("kept", b"before")
    first_pid = broker.pid

    await broker.kill()
    await broker.restart()

    await producer.send_and_wait("kept", b"after")
    await producer.stop()
    consumer = AIOKafkaConsumer("kept", bootstrap_servers=broker.address, auto_offset_reset="earliest")
    await consumer.start()
    values = [(await asyncio.wait_for(consumer.getone(), 10)).value for _ in range(2)]
    await consumer.stop()
    assert values == [b"before", b"after"]
    assert broker.pid != first_pid


async def test_mongodb_keeps_what_it_acknowledged_when_it_is_killed(engines: Engines) -> None:
    server = await engines.mongod()
    async with AsyncMongoClient[dict[str, str]](server.address, w="majority", journal=True) as client:
        await client["spm_test"]["reports"].insert_one({"_id": "kept"})

        await server.kill()
        await server.restart()

        assert await client["spm_test"]["reports"].find_one({"_id": "kept"}) == {"_id": "kept"}
        await client["spm_test"]["reports"].insert_one({"_id": "after"})


async def test_mongodb_takes_writes_after_its_port_has_changed(engines: Engines) -> None:
    first = await engines.mongod()
    async with AsyncMongoClient[dict[str, str]](first.address) as client:
        await client["spm_test"]["reports"].insert_one({"_id": "kept"})
    await first.stop()

    second = await start_mongod(first.folder)

    try:
        assert second.address != first.address
        async with AsyncMongoClient[dict[str, str]](second.address) as client:
            assert await client["spm_test"]["reports"].find_one({"_id": "kept"}) == {"_id": "kept"}
            await client["spm_test"]["reports"].insert_one({"_id": "after"})
    finally:
        await second.stop()


async def test_an_engine_that_cannot_start_shows_the_end_of_its_log(engines: Engines) -> None:
    server = await engines.mongod()

    with pytest.raises(StackError, match=r"(?s)mongodb ended while it started; .*mongodb\.log ends:\n.*lock"):
        await start_mongod(server.folder)


async def test_the_shared_engines_answer(kafka: str, mongo: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    assert (await admin.describe_cluster())["brokers"]
    await admin.close()
    async with AsyncMongoClient[dict[str, object]](mongo) as client:
        assert (await client.admin.command("hello"))["isWritablePrimary"]


async def test_a_program_that_is_terminated_leaves_no_engine_behind(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, str(tmp_path), cwd=ROOT, stdout=PIPE)
    assert program.stdout is not None
    engine = int(await asyncio.wait_for(program.stdout.readline(), 90))
    assert psutil.pid_exists(engine)
    program.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(program.wait(), 30) == TERMINATED
    assert not psutil.pid_exists(engine)
