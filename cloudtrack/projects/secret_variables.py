"""Variables of a worker on AWS whose values are in Secrets Manager.

The job has a variable with their names and ARNs, which are no secrets. The worker reads the values with its own role,
so that neither the job's description nor the run has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cloudtrack import config
from cloudtrack.errors import CloudtrackError, InvalidInput, Unavailable

SECRETS = "CLOUDTRACK_SECRETS"
_ARN_PARTS = 7
_REGION = 3


def as_variable(secrets: Mapping[str, str]) -> str:
    """The variable's value. Raises InvalidInput for what is no ARN of a secret."""
    for name, place in secrets.items():
        arn = place.partition("#")[0].split(":", _ARN_PARTS - 1)
        if len(arn) != _ARN_PARTS or arn[2] != "secretsmanager":
            raise InvalidInput(
                f"the secret {name} is {place!r}; it is the ARN of a secret of Secrets Manager, or ARN#key"
            )
    return json.dumps(secrets, sort_keys=True)


def set_secrets() -> None:
    """Give this process, and those that it starts, the variables. Raises Unavailable naming one that cannot be read."""
    places = json.loads(config.environment().get(SECRETS) or "{}")
    config.set_variables({name: _value(name, place) for name, place in places.items()})


def _value(name: str, place: str) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    arn, _, key = place.partition("#")
    try:
        manager = boto3.client("secretsmanager", region_name=arn.split(":")[_REGION])
        text = str(manager.get_secret_value(SecretId=arn)["SecretString"])
        return str(json.loads(text)[key]) if key else text
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the secret {name} cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError):
        raise _not_there(name, place) from None


def _not_there(name: str, place: str) -> CloudtrackError:
    return InvalidInput(
        f"the secret {name} is not in {place.partition('#')[0]}: it must be a text, or JSON with the key"
    )
