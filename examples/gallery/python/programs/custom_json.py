"""JSON by another library."""

from typing import Any

import orjson

from antiphon.responses import JSONResponse


class OrjsonResponse(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


app = OrjsonResponse({"rendered by": "orjson"})
