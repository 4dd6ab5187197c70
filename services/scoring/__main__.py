from chassis.service import run
from services.scoring.app import NAME, build

if __name__ == "__main__":
    run(NAME, build)
