from chassis.service import run
from services.scoring.app import build

if __name__ == "__main__":
    run("scoring", build)
