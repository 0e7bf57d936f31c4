"""A sound."""

from files import SOUND

from antiphon.responses import FileResponse

app = FileResponse(SOUND, filename="antiphon.wav", content_disposition_type="inline")
