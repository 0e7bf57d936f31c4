"""A store of objects that speaks as S3 does."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

BUCKET = "antiphon"


@cache
def s3() -> Any:
    """Run a server of moto in this process, and return a store of obstore that asks it."""
    moto = pytest.importorskip("moto.server", reason="there is no moto")
    from obstore.store import S3Store

    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    import boto3

    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket=BUCKET)
    return S3Store(
        BUCKET,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="key",
        secret_access_key="secret",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
