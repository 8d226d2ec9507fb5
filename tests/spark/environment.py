"""What a cluster has, made once: Spark and its Python in an environment of their own, and what a job ships to it.

Spark needs an older pandas than the tests have. `.venv-spark` (git ignores it) is made anew when `PACKAGES`, the
dependencies of this library or the Python changes, and holds:

- `cluster/`: the Python of the executors, with Spark and what `mapInArrow` needs. This library is not in it, nor are its
  dependencies.
- `libraries/`: the dependencies of this library, which a job ships together with its wheel.
- `driver/`: the Python of the driver, which sees both, and this checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-spark"
CLUSTER, DRIVER = FOLDER / "cluster/bin/python", FOLDER / "driver/bin/python"
LIBRARIES = FOLDER / "libraries"
PACKAGES = ("pyspark==4.3.0", "pandas>=2.2,<3", "pyarrow>=19")
STAMP = FOLDER / "installed.txt"

NO_JAVA = """Spark runs on Java, and there is none on this machine. Install version 17 or 21:
    apt-get install openjdk-17-jre-headless    (Debian)
and where it is not on the path, say where it is with JAVA_HOME."""


def made() -> Path:
    """The folder, made if it is not there already, while others that want it wait. Fails without Java."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise RuntimeError(NO_JAVA)
    wanted = "\n".join([sys.version, *PACKAGES, *_dependencies()])
    with FileLock(f"{FOLDER}.lock"):
        if not STAMP.is_file() or STAMP.read_text("utf-8") != wanted:
            _make()
            STAMP.write_text(wanted, "utf-8")
    return FOLDER


def _dependencies() -> list[str]:
    """What the executors need beside what `mapInArrow` does: the library's dependencies, and narwhals."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    frames = project["optional-dependencies"]["frames"]
    return [*project["dependencies"], *(each for each in frames if each.startswith("narwhals"))]


def _make() -> None:
    print("Installing Spark in an environment of its own …", file=sys.stderr)
    shutil.rmtree(FOLDER, ignore_errors=True)
    venv.create(CLUSTER.parents[1], with_pip=True, symlinks=True)
    _install(*PACKAGES)
    _install("--target", str(LIBRARIES), *_dependencies())
    venv.create(DRIVER.parents[1], with_pip=False, symlinks=True)
    (packages,) = DRIVER.parents[1].glob("lib/python*/site-packages")
    theirs = CLUSTER.parents[1] / packages.relative_to(DRIVER.parents[1])
    (packages / "cluster.pth").write_text(f"{theirs}\n{LIBRARIES}\n{ROOT / 'src'}\n", "utf-8")


def _install(*arguments: str) -> None:
    pip = [str(CLUSTER), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *arguments], check=True, stdout=sys.stderr)


def shipped(wheel: Path, folder: Path) -> Path:
    """An archive of this library's wheel and its dependencies, as `pip install --target` and a zip of it give."""
    everything = folder / "libraries"
    shutil.copytree(LIBRARIES, everything)
    shutil.unpack_archive(wheel, everything, "zip")
    return Path(shutil.make_archive(str(everything), "zip", everything))


def submit(script: Path, *arguments: object, archive: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a program on two executors, each a JVM of its own, that know this library from the archive alone.

    `settings` are Spark's, with `__` for a point.
    """
    program = CLUSTER.parents[1] / "bin/spark-submit"
    named = {name.replace("__", "."): value for name, value in settings.items()}
    spark = {
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "3",
        "spark.pyspark.python": str(CLUSTER),
        "spark.pyspark.driver.python": str(DRIVER),
        "spark.executorEnv.PYTHONPATH": "libraries",
        **named,
    }
    options = [part for name, value in spark.items() for part in ("--conf", f"{name}={value}")]
    cluster = ["--master", "local-cluster[2,1,1024]", "--driver-memory", "1g", "--archives", f"{archive}#libraries"]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))
    }
    (packages,) = CLUSTER.parents[1].glob("lib/python*/site-packages")
    environment |= {"SPARK_HOME": str(packages / "pyspark"), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment |= {"SPARK_LOCAL_HOSTNAME": "127.0.0.1"}
    command = [str(program), *cluster, *options, str(script), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1_200)
