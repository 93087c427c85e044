"""Runs the job on Spark, in a virtual environment of its own, as `make bench` and tests need it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.installation import python_of
from tests.support.environment import without_aws
from tests.support.paths import ROOT

REQUIREMENTS = ROOT / "tests" / "analytics" / "requirements.txt"
_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""A short program does not get back what compiling it well takes."""
NO_JAVA = "Spark needs Java 17, which is not here: apt-get install openjdk-17-jre-headless"


def python_of_spark() -> Path:
    """The interpreter that has Spark. Fails in one line where there is no Java."""
    assert shutil.which("java"), NO_JAVA
    return python_of(ROOT / ".build" / "spark", "Spark", REQUIREMENTS)


def start_job(python: Path, *arguments: str | Path, cores: int = 2, aws: Mapping[str, str] = {}) -> subprocess.Popen[str]:
    """Start the job. It and all that it starts are a process group of their own."""
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    submitted = " ".join(f"--conf {name}={value}" for name, value in options.items())
    variables = {
        "PYSPARK_PYTHON": str(python),
        "PYSPARK_SUBMIT_ARGS": f"--master local[{cores}] --driver-java-options '{_JAVA}' {submitted} pyspark-shell",
        "PYTHONPATH": str(ROOT / "lambda"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    return subprocess.Popen(
        [python, "-m", "training_events.analytics.job", *map(str, arguments)],
        cwd=ROOT,
        env=without_aws(**variables, **aws),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill(job: subprocess.Popen[str]) -> None:
    """End the job and all that it started, at once."""
    os.killpg(job.pid, signal.SIGKILL)
    job.communicate()
