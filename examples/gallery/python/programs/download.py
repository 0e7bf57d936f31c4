"""A file under another name."""

from antiphon.responses import FileResponse

app = FileResponse("antiphon.txt", filename="Größe – prüfung.txt")
