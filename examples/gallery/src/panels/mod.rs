//! The panels: what each shows, and the code behind it, which is the code that runs.

pub(crate) mod audio;
pub(crate) mod chart;
pub(crate) mod chat;
pub(crate) mod conditional;
pub(crate) mod cookies;
pub(crate) mod custom_json;
pub(crate) mod download;
pub(crate) mod events;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod plain;
pub(crate) mod redirect;
pub(crate) mod status;
pub(crate) mod stream;

use serde::Serialize;
use serde_json::Value;

/// What the page is told: which face answers, where the others are, and its panels.
#[derive(Serialize)]
pub(crate) struct Description {
    face: &'static str,
    version: &'static str,
    faces: Value,
    panels: Vec<Value>,
}

/// `faces` is JSON: a list of `{"name", "url"}`, or nothing if there is no other.
pub(crate) fn description(faces: Option<&str>) -> serde_json::Result<Description> {
    let mut panels: Vec<Value> = serde_json::from_str(include_str!("../../page/panels.json"))?;
    for panel in &mut panels {
        panel["language"] = "rust".into();
        panel["code"] = panel["source"].as_str().map(code).into();
    }
    Ok(Description {
        face: "rust",
        version: env!("CARGO_PKG_VERSION"),
        faces: serde_json::from_str(faces.unwrap_or("[]"))?,
        panels,
    })
}

/// A panel's source without the line that says what it is, for the panel says so itself.
fn code(name: &str) -> &'static str {
    macro_rules! source_of {
        ($name:ident: $($panel:ident)*) => {
            match $name {
                $(stringify!($panel) => include_str!(concat!(stringify!($panel), ".rs")),)*
                _ => "",
            }
        };
    }
    let source = source_of!(name:
        audio chart chat conditional cookies custom_json download events html json plain redirect status
        stream
    );
    source.split_once("\n\n").map_or(source, |(_, code)| code)
}
