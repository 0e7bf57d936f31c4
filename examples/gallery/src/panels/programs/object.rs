//! An object of a store, whole or in parts; this store is in memory.

use antiphon::{ContentResponse, ObjectSource, asgi};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStoreExt, Result};
use std::sync::Arc;
use tokio::sync::OnceCell;

static STORE: OnceCell<Arc<InMemory>> = OnceCell::const_new();

async fn filled() -> Result<Arc<InMemory>> {
    let store = Arc::new(InMemory::new());
    let lines: String = (1..=1000).map(|line| format!("line {line}\n")).collect();
    store.put(&Path::from("lines.txt"), lines.into()).await?;
    Ok(store)
}

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let store = STORE.get_or_try_init(filled).await?;
    ContentResponse::new(ObjectSource::new(store.clone(), "lines.txt"))
        .media_type("text/plain")?
        .cache_control("no-cache")?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
