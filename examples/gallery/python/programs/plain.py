"""Text."""

from antiphon.responses import PlainTextResponse

app = PlainTextResponse("Hello, world!")
