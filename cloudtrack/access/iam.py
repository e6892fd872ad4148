"""What IAM must allow those who use a bucket directly, by role: no more than the role needs.

Sources: the actions and resources of Amazon S3 and AWS KMS in AWS's Service Authorization Reference. ``ListBucket`` is
not cut to a prefix: S3 answers 403, not 404, for a missing object to those who may not list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudtrack.errors import InvalidInput

_READ = (
    *("cloudtrack.json", "policy.yaml", "experiments/*", "runs/*", "logged_models/*", "model_files/*", "models/*"),
    *("releases/*", "index/*", "feed/cursors/*"),
)
"""All but secrets: tokens, permissions and webhooks."""
_TRAIN = ("experiments/*", "runs/*", "logged_models/*", "index/experiments/pending/*")
_MERGED = ("runs/*/metrics/*.parquet",)
"""Metric files that a writer has merged into a larger one."""
_REGISTRY = ("model_files/*", "models/*", "releases/*")
_SECRETS = ("access/*", "webhooks/*")

ROLES = ("reader", "trainer", "release-manager", "granter", "platform-admin")


def iam_policy(role: str, bucket: str, prefix: str = "", *, kms_key_arn: str = "") -> dict[str, Any]:
    """The policy document of a role for the store below ``prefix`` in ``bucket``.

    ``kms_key_arn`` is the key that encrypts the bucket, where it is not S3's own. Raises InvalidInput for an
    unknown role, or a bucket or prefix with wildcards in it.
    """
    if role not in ROLES:
        raise InvalidInput(f"no role {role!r}: there are {', '.join(ROLES)}")
    if any(sign in bucket + prefix for sign in "*?${}"):
        raise InvalidInput(f"s3://{bucket}/{prefix} has a sign with a meaning in policies: *, ?, $, {{ or }}")
    place = f"arn:aws:s3:::{bucket}/{prefix.strip('/')}/" if prefix.strip("/") else f"arn:aws:s3:::{bucket}/"

    def allow(sid: str, actions: Iterable[str], keys: Iterable[str], effect: str = "Allow") -> dict[str, Any]:
        return {
            "Sid": sid,
            "Effect": effect,
            "Action": [f"s3:{action}" for action in actions],
            "Resource": [f"{place}{key}" for key in keys],
        }

    listing = ["s3:ListBucket", "s3:GetBucketLocation"]
    statements = [
        {"Sid": "KnowWhatThereIs", "Effect": "Allow", "Action": listing, "Resource": [f"arn:aws:s3:::{bucket}"]}
    ]
    if role == "platform-admin":
        listing.append("s3:ListBucketVersions")
        everything = ("GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "AbortMultipartUpload")
        statements.append(allow("TheWholeStore", everything, ["*"]))
    else:
        statements.append(allow("ReadAllButSecrets", ["GetObject"], _READ))
        statements.append(allow("NeverSecrets", ["GetObject", "PutObject", "DeleteObject"], _SECRETS, "Deny"))
    if role in ("trainer", "granter"):
        statements.append(allow("WriteRunsAndTheirModels", ["PutObject", "AbortMultipartUpload"], _TRAIN))
        statements.append(allow("MergeMetricFiles", ["DeleteObject"], _MERGED))
        statements.append(allow("NeverTheRegistry", ["PutObject", "DeleteObject"], _REGISTRY, "Deny"))
    if role == "granter":
        statements.append(allow("GrantAndShare", ["GetObject", "PutObject"], ["grants/*", "shares/*"]))
        statements.append(allow("EmptyInboxes", ["DeleteObject"], ["grants/*/inbox/*"]))
    if role == "release-manager":
        statements.append(allow("RegisterAndPromote", ["PutObject"], [*_REGISTRY, "index/models/pending/*"]))
    if kms_key_arn:
        use = ["kms:Decrypt", "kms:GenerateDataKey"]
        statements.append({"Sid": "TheStoresKey", "Effect": "Allow", "Action": use, "Resource": [kms_key_arn]})
    return {"Version": "2012-10-17", "Statement": statements}
