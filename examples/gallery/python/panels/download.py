"""A download."""

from files import TEXT

from antiphon.responses import FileResponse

app = FileResponse(TEXT, filename="Größe – prüfung.txt")
