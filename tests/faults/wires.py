"""Kafka and MongoDB as in production: encrypted, with passwords, and with no right that was not given."""

import secrets
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from chassis.brokers import ALLOW, LITERAL, OPERATIONS, PREFIXED, RESOURCES
from chassis.kafka import admin_client
from chassis.rights import PRINCIPALS, Grant, Role, kafka_grants, mongo_roles, principal_of
from chassis.settings import Settings
from deploy.local.engines import Engine
from deploy.local.kafka import Otherwise, kafka
from deploy.local.mongod import REPLICA_SET, binary
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import NotReadyError, Program, connects
from deploy.local.settings import LocalSettings
from tests.notify.certificates import Authority

ADMIN: Final = "admin"
_NOT_YET_INITIALISED: Final = 94
_ALREADY_THERE: Final = 51_003
_PROBE_MS: Final = 3_000


@dataclass(frozen=True)
class Secured:
    """Engines whose users have passwords, and no right yet."""

    authority: Authority
    kafka: Engine
    mongod: Engine
    passwords: dict[str, str] = field(repr=False)
    """By service, the operator's and the administrator's too; the same at both engines."""

    def settings(self, service: str, usual: Settings) -> Settings:
        """The usual settings with the wires and the credentials of one service."""
        user = ADMIN if service == ADMIN else principal_of(service, usual)
        return usual.model_copy(
            update={
                "kafka": self.kafka.address,
                "kafka_security": "SASL_SSL",
                "kafka_ca_file": self.authority.file,
                "kafka_username": user,
                "kafka_password": self.passwords[service],
                "mongo": self.mongo_uri(user, self.passwords[service]),
            }
        )

    def mongo_uri(self, user: str, password: str) -> str:
        return self.mongod.address.replace("//", f"//{user}:{password}@") + _tls_of(self.authority)

    async def allow(
        self, usual: Settings, *more: Grant | Role, to: str = ADMIN, less: Collection[Grant | Role] = ()
    ) -> None:
        """Give everybody the rights that ``spm rights`` prints but for ``less``, and ``more`` to one of them."""
        grants = [grant for service in PRINCIPALS for grant in kafka_grants(service, usual) if grant not in less]
        await self._grant([*grants, *(grant for grant in more if isinstance(grant, Grant))], usual)
        admin_uri = self.mongo_uri(ADMIN, self.passwords[ADMIN])
        async with AsyncMongoClient[dict[str, Any]](admin_uri, timeoutMS=30_000) as client:
            for service in PRINCIPALS:
                extra = [role for role in more if isinstance(role, Role) and service == to]
                own = [role for role in mongo_roles(service, usual) if role not in less]
                roles = [{"role": role.role, "db": role.database} for role in [*own, *extra]]
                user = principal_of(service, usual)
                await client.admin.command("createUser", user, pwd=self.passwords[service], roles=roles)

    async def _grant(self, grants: list[Grant], usual: Settings) -> None:
        admin = admin_client(self.settings(ADMIN, usual))
        await admin.start()
        try:
            for grant in grants:
                answer = await admin._send_request(_request(grant), admin._client.get_random_node())
                for code, told in answer.creation_responses:
                    assert code == 0, f"{grant} was refused: {told}"
        finally:
            await admin.close()


def _request(grant: Grant) -> CreateAclsRequest:
    pattern = PREFIXED if grant.prefixed else LITERAL
    kind, operation = RESOURCES[grant.resource], OPERATIONS[grant.operation]
    return CreateAclsRequest(kind, grant.name, pattern, f"User:{grant.principal}", "*", operation, ALLOW)


async def secured_engines(folder: Path, stopping: AsyncExitStack, usual: Settings) -> Secured:
    """Started, and stopped at the end. The users are known to both; who may do what is not said yet."""
    authority = Authority.made_in(folder)
    passwords = {name: secrets.token_urlsafe(24) for name in (*PRINCIPALS, ADMIN)}
    users = {ADMIN if name == ADMIN else principal_of(name, usual): word for name, word in passwords.items()}
    engines = Engine(_kafka(folder / "kafka", authority, users)), Engine(_mongod(folder, authority, passwords[ADMIN]))
    for engine in engines:
        stopping.push_async_callback(engine.kill)
        await engine.start()
    return Secured(authority, *engines, passwords)


def _kafka(folder: Path, authority: Authority, users: dict[str, str]) -> Program:
    """Clients come with TLS and a password, controllers with a certificate; nobody has a right by default."""
    port, controller_port = free_port(), free_port()
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    own = f'{login} required username="{ADMIN}" password="{users[ADMIN]}";'
    properties = {
        "listeners": f"SASL_SSL://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"SASL_SSL://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "CONTROLLER:SSL,SASL_SSL:SASL_SSL",
        "inter.broker.listener.name": "SASL_SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": own,
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(authority.issue(LOOPBACK)),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:CN={LOOPBACK}",
        "allow.everyone.if.no.acl.found": "false",
    }
    scram = [f"SCRAM-SHA-512=[name={user},password={password}]" for user, password in users.items()]
    administrator = Settings(
        kafka=f"{LOOPBACK}:{port}",
        kafka_security="SASL_SSL",
        kafka_ca_file=authority.file,
        kafka_username=ADMIN,
        kafka_password=users[ADMIN],
    )
    return kafka(
        folder,
        port=port,
        controller_port=controller_port,
        cache=LocalSettings().cache_folder,
        progress=print,
        otherwise=Otherwise(
            properties,
            format_options=tuple(word for user in scram for word in ("--add-scram", user)),
            ready=lambda: _admits(admin_client(administrator)),
        ),
    )


async def _admits(admin: AIOKafkaAdminClient) -> None:
    try:
        await admin.start()
        await admin.list_topics()
    except KafkaError as error:
        raise NotReadyError(f"Kafka does not admit its administrator yet ({type(error).__name__})") from error
    finally:
        await admin.close()


def _mongod(folder: Path, authority: Authority, password: str) -> Program:
    """A replica set of one that speaks TLS alone and knows one user, the administrator."""
    port, data = free_port(), folder / "mongod" / "data"
    key_file = folder / "mongod-key"
    key_file.touch(mode=0o600)
    key_file.write_text(secrets.token_hex(64))

    async def ready() -> None:
        await connects(f"{LOOPBACK}:{port}")
        uri = f"mongodb://{LOOPBACK}:{port}/?directConnection=true" + _tls_of(authority)
        async with AsyncMongoClient[dict[str, Any]](uri, timeoutMS=_PROBE_MS) as client:
            try:
                await _first_user(client, port, password)
            except PyMongoError as error:
                raise NotReadyError(f"MongoDB does not answer yet ({type(error).__name__}: {error})") from error

    return Program(
        name="mongodb",
        address=f"mongodb://{LOOPBACK}:{port}/?replicaSet={REPLICA_SET}&authSource=admin",
        ready=ready,
        command=(
            str(binary()),
            *("--dbpath", str(data), "--port", str(port), "--bind_ip", LOOPBACK, "--replSet", REPLICA_SET),
            *("--wiredTigerCacheSizeGB", "0.5", "--nounixsocket"),
            *("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(authority.issue(LOOPBACK))),
            *("--tlsCAFile", str(authority.file), "--tlsAllowConnectionsWithoutCertificates"),
            *("--keyFile", str(key_file)),
        ),
        folder=folder / "mongod",
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
    )


async def _first_user(client: AsyncMongoClient[dict[str, Any]], port: int, password: str) -> None:
    """MongoDB lets this machine in without a password for as long as it knows no user."""
    hello = await client.admin.command("hello")
    if not hello.get("setName"):
        members = [{"_id": 0, "host": f"{LOOPBACK}:{port}"}]
        await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    if not hello["isWritablePrimary"]:
        raise NotReadyError("MongoDB has not chosen its primary yet")
    try:
        await client.admin.command("createUser", ADMIN, pwd=password, roles=["root"])
    except OperationFailure as error:
        # It is there: nobody but itself may come in without a password now.
        if error.code not in {_ALREADY_THERE, 13}:
            raise


def _tls_of(authority: Authority) -> str:
    return f"&tls=true&tlsCAFile={authority.file}"
