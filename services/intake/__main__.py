from chassis.service import run
from services.intake.app import NAME, build

if __name__ == "__main__":
    # No lingering: each request waits for its own record to be acknowledged.
    run(NAME, build, linger_ms=0)
