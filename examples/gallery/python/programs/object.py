"""An object of a store, whole or in parts; this store is in memory."""

import obstore

from antiphon.content import ContentResponse, ObjectSource

store = obstore.store.MemoryStore()
store.put("lines.txt", b"".join(b"line %d\n" % line for line in range(1, 1001)))

source = ObjectSource(store, "lines.txt")
app = ContentResponse(source, media_type="text/plain", cache_control="no-cache")
