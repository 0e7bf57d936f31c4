"""A sound, to be played where it is."""

from antiphon.responses import FileResponse

app = FileResponse("antiphon.wav", filename="antiphon.wav", content_disposition_type="inline")
