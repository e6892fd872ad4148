"""The built page in a bucket, behind CloudFront or any other server of static files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cloudtrack import config
from cloudtrack.api.bundle import INDEX, BundleFile
from cloudtrack.api.page_files import cache_control_of
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.s3_options import parse_s3_url
from cloudtrack.storage.signing import Signer


def publish(files: Mapping[str, BundleFile], url: str) -> Iterator[str]:
    """Write the files of a build to ``s3://bucket/prefix``, and give the name of each that is there.

    ``index.html`` comes last: what it names is there before it. Nothing is removed, so that pages which are open go on;
    a lifecycle rule may do that later. Options are those of a store's URL. Raises InvalidInput where there is no build.
    """
    if INDEX not in files:
        raise InvalidInput("the web page is not built: python -m cloudtrack.ui build")
    target = Signer(parse_s3_url(url, {}), config.environment())
    for name in sorted(files, key=lambda name: (name == INDEX, name)):
        file = files[name]
        target.publish(name, file.content, content_type=file.content_type, cache_control=cache_control_of(name))
        yield name
