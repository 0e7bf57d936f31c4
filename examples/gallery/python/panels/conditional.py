"""A file that the client may have already."""

from files import TEXT

from antiphon.responses import FileResponse

app = FileResponse(TEXT, headers={"cache-control": "no-cache"})
