"""Bytes of any kind: here a picture."""

from antiphon.responses import Response

SQUARE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" height="90">
  <path d="M1 1h7v7h-7z" fill="#a8201a"/>
</svg>"""

app = Response(SQUARE, media_type="image/svg+xml")
