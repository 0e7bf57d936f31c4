"""JSON."""

from antiphon.responses import JSONResponse

app = JSONResponse({"hello": "world", "languages": ["Rust", "Python"]})
