"""Stand-ins for ``docker`` and ``kubectl``, which tests put on the PATH: they note what they are asked, and really
execute the commands of containers, as processes that see the variables and folders of the container alone.

Run as ``python stand_in.py FOLDER docker|kubectl WORD...``; FOLDER has what they know.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_WITH_VALUE = {"name", "label", "mount", "user", "env", "workdir", "network", "volume", "gpus", "entrypoint", "memory"}
BROKEN = "broken:1"
"""An image in which nothing runs."""
MLFLOW = "mlflow:1"
"""An image that has MLflow, and no cloudtrack."""


def install(folder: Path, *programs: str) -> Path:
    """Put programs into ``folder/bin``; the folder, which belongs on the PATH."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for name in programs:
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} {folder} {name} "$@"\n')
        program.chmod(0o755)
    return folder / "bin"


def asked(folder: Path, first: str = "") -> list[dict[str, Any]]:
    """What programs were asked, with the standard input of those that had one."""
    file = folder / "asked"
    found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [each for each in found if not first or first in each["words"]]


class Container:
    """A process and what is kept of it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / "containers" / name

    def start(self, words: list[str], variables: dict[str, str], folder: Path, image: str = "") -> int | None:
        """Run it to its end; its exit code is kept."""
        self.folder.mkdir(parents=True)
        with (self.folder / "log").open("wb") as log:
            python, path = sys.executable, os.environ["PYTHONPATH"]
            if image == MLFLOW:
                python, path = os.environ["CLOUDTRACK_MLFLOW_PYTHON"], ""
            image_has = {"PATH": f"{Path(python).parent}:{os.defpath}", "PYTHONPATH": path}
            try:
                process = subprocess.Popen(
                    words, env={**image_has, **variables}, cwd=folder, stdout=log, stderr=log, start_new_session=True
                )
            except OSError as error:
                log.write(str(error).encode())
                self.end(127)
                return 127
            signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
            (self.folder / "part").write_text(str(process.pid))
            (self.folder / "part").replace(self.folder / "pid")
            code = process.wait()
        self.end(code if code >= 0 else 128 - code)
        return code

    def end(self, code: int) -> None:
        (self.folder / "part").write_text(str(code))
        (self.folder / "part").replace(self.folder / "code")

    @property
    def code(self) -> int | None:
        file = self.folder / "code"
        return int(file.read_text()) if file.exists() else None

    def stop(self) -> None:
        while self.code is None and not (self.folder / "pid").exists():
            time.sleep(0.02)
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended since
                os.kill(int((self.folder / "pid").read_text()), signal.SIGTERM)
        while self.code is None:
            time.sleep(0.02)

    def log(self) -> str:
        return (self.folder / "log").read_text()


def detached(work: Any) -> None:
    """Go on in another process; this one goes on when that has begun."""
    if os.fork():
        return
    os.setsid()
    for descriptor in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    work()
    os._exit(0)


def docker(folder: Path, words: list[str]) -> int:
    images = folder / "images"
    match words:
        case ["run", *rest]:
            return docker_run(folder, rest)
        case ["container", "inspect", "--format", "{{json .State}}", name]:
            container = Container(folder, name)
            if not container.folder.exists():
                return refuse(f"Error: No such container: {name}")
            code = container.code
            print(json.dumps({"Status": "running" if code is None else "exited", "ExitCode": code or 0}))
        case ["image", "inspect", name]:
            if not (images / name).exists():
                return refuse(f"Error: No such image: {name}")
            print(json.dumps([{"Id": f"sha256:{name}", "RepoDigests": [f"{name}@sha256:abc"]}]))
        case ["pull", name]:
            if "nowhere" in name:
                return refuse(f"Error response from daemon: pull access denied for {name}")
            (images / name).mkdir(parents=True)
        case ["build", "--quiet", "--tag", name, "--file", file, context]:
            shutil.copytree(context, images / name / "code")
            shutil.copy(file, images / name / "Dockerfile")
        case ["logs", name]:
            print(Container(folder, name).log(), end="")
        case ["stop", "-t", _, name]:
            Container(folder, name).stop()
        case ["rm", "--force", name]:
            if Container(folder, name).folder.exists():
                Container(folder, name).stop()
                shutil.rmtree(Container(folder, name).folder)
        case _:
            return refuse(f"docker does not know {words}")
    return 0


def docker_run(folder: Path, words: list[str]) -> int:
    options: list[tuple[str, str]] = []
    while words[0].startswith("-"):
        name, _, value = words.pop(0).lstrip("-").partition("=")
        options.append((name, value or (words.pop(0) if name in _WITH_VALUE else "")))
    image, *command = words
    variables = {"HOME": "/tmp"}
    for text in (value for name, value in options if name == "env"):
        name, is_set, value = text.partition("=")
        if is_set or name in os.environ:
            variables[name] = value if is_set else os.environ[name]
    mounts = [next(csv.reader([value])) for name, value in options if name == "mount"]
    places = {each[2].removeprefix("target="): each[1].removeprefix("source=") for each in mounts}
    given = dict(options)
    if "workdir" in given:
        places.setdefault(given["workdir"], str(folder / "images" / image / "code"))
    if "entrypoint" in given:
        command = [given["entrypoint"], *command]
    if image == BROKEN:
        command = ["/no/such/program"]
    container = Container(folder, given.get("name", f"unnamed-{os.getpid()}"))
    if container.folder.exists():
        return refuse(f"Conflict. The container name {given['name']} is already in use")
    place = Path(places.get(given.get("workdir", ""), "/"))
    if "detach" in given:
        detached(lambda: container.start(command, variables, place))
        while not container.folder.exists():
            time.sleep(0.01)
        return 0
    code = container.start(command, variables, place, image) or 0
    print(container.log(), end="")
    if "rm" in given:
        shutil.rmtree(container.folder)
    return code if code >= 0 else 128 - code


def kubectl(folder: Path, words: list[str], stdin: str) -> int:
    if words[0] == "--context":
        del words[:2]
    if words[0] == "--namespace":
        del words[:2]
    match words:
        case ["config", "current-context"]:
            print("minikube")
        case ["apply", "-f", "-"]:
            manifest = json.loads(stdin)
            kubectl_start(Container(folder, manifest["metadata"]["name"]), manifest)
        case ["get", "job", name, *_]:
            container = Container(folder, name)
            if not container.folder.exists():
                return 0
            ended = {None: [], 0: ["Complete"]}.get(container.code, ["Failed"])
            conditions = [{"type": each, "status": "True"} for each in ended]
            ready = int(container.code is None and (container.folder / "pid").exists())
            print(json.dumps({"status": {"conditions": conditions, "ready": ready}}))
        case ["get", "pods", "--selector", selector, *_]:
            if Container(folder, selector.partition("=")[2]).folder.exists():
                print("pod/one")
        case ["logs", job]:
            print(Container(folder, job.partition("/")[2]).log(), end="")
        case ["delete", "job", name, *_]:
            if Container(folder, name).folder.exists():
                Container(folder, name).stop()
                shutil.rmtree(Container(folder, name).folder)
        case _:
            return refuse(f"kubectl does not know {words}")
    return 0


def kubectl_start(container: Container, manifest: dict[str, Any]) -> None:
    (one,) = manifest["spec"]["template"]["spec"]["containers"]
    command = ["/no/such/program"] if one["image"] == BROKEN else [*one["command"], *one["args"]]
    variables = {each["name"]: each["value"] for each in one["env"]}
    detached(lambda: container.start(command, {"HOME": "/tmp", **variables}, Path("/")))
    while not container.folder.exists():
        time.sleep(0.01)


def refuse(said: str) -> int:
    print(said, file=sys.stderr)
    return 1


def main() -> int:
    folder, program, words = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    stdin = sys.stdin.read() if words[-2:] == ["-f", "-"] else ""
    with (folder / "asked").open("a") as file:
        file.write(json.dumps({"words": [program, *words], "stdin": stdin}) + "\n")
    return docker(folder, words) if program == "docker" else kubectl(folder, words, stdin)


if __name__ == "__main__":
    sys.exit(main())
