from chassis.service import run
from services.notify.app import NAME, build

run(NAME, build)
