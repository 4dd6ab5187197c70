from chassis.service import run
from services.intake.app import build

# No lingering: each request waits for its own record to be acknowledged.
run("intake", build, linger_ms=0)
