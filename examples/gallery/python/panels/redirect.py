"""A redirect."""

from antiphon.responses import PlainTextResponse, RedirectResponse

app = RedirectResponse("/redirect/landed")
landed = PlainTextResponse("You have landed.")
