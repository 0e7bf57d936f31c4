"""A file that the client may have already."""

from antiphon.responses import FileResponse

app = FileResponse("antiphon.txt", headers={"cache-control": "no-cache"})
