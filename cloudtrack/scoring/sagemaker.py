"""The same server by the contract of SageMaker's containers: ``python -m cloudtrack.scoring.sagemaker serve``.

The model is a folder at /opt/ml/model, the port 8080 or SAGEMAKER_BIND_TO_PORT; MODEL_SERVER_WORKERS says how many
processes serve. Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cloudtrack import config
from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.scoring.server import ServeOptions, serve

MODEL_FOLDER = Path("/opt/ml/model")
DEFAULT_PORT = 8080
_COMMAND = "serve"


def container_options(model_folder: Path = MODEL_FOLDER, host: str = "0.0.0.0") -> ServeOptions:  # noqa: S104
    """How to serve in a container: SageMaker reaches it from outside, and nobody else does. Raises InvalidInput."""
    return ServeOptions(
        model_uri=str(model_folder),
        host=host,
        port=_number("SAGEMAKER_BIND_TO_PORT", DEFAULT_PORT),
        workers=_number("MODEL_SERVER_WORKERS", 1),
        allow_anyone=True,
    )


def main(arguments: Sequence[str], options: ServeOptions | None = None) -> int:
    """Serve until SIGTERM; the exit code. SageMaker calls a container with ``serve`` for inference."""
    try:
        if list(arguments) not in ([], [_COMMAND]):
            raise InvalidInput(f"the container was started with {list(arguments)}; it knows {_COMMAND!r} only")
        serve(options or container_options())
    except CloudtrackError as error:
        print(f"Error: {error.message}", file=sys.stderr)
        return 1
    return 0


def _number(name: str, default: int) -> int:
    text = config.environment().get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise InvalidInput(f"{name} is {text!r}; it takes a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
