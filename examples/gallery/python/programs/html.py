"""HTML."""

from antiphon.responses import HTMLResponse

app = HTMLResponse("<html><body><h1>Hello, world!</h1></body></html>")
