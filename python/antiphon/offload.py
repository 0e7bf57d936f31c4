"""Files that a server in front sends: nginx by ``XAccel``, Apache and lighttpd by ``XSendfile``.

They are given to ``FileResponse(…, offload=…)``.
"""

from __future__ import annotations

from antiphon._antiphon import XAccel, XSendfile

__all__ = ["XAccel", "XSendfile"]
