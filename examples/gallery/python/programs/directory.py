"""A folder, whose files have copies beside them that are compressed: ``site/antiphon.txt.gz``."""

from typing import Any

from antiphon.staticfiles import StaticFiles

site = StaticFiles(
    directory="site", check_dir=False, precompressed=["gzip"], cache_control={"*.txt": "no-cache"}
)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await site({**scope, "root_path": "/directory"}, receive, send)
