//! The page: one text for all faces, with places for what is a face's own.

use super::programs;
use crate::files;
use std::path::Path;

/// What the browser loads besides the page: a name, a type, and the content.
pub(crate) fn part(name: &str) -> Option<(&'static str, &'static str)> {
    macro_rules! parts {
        ($($name:literal: $media_type:literal,)*) => {
            match name {
                $($name => Some(($media_type, include_str!(concat!("../../page/", $name)))),)*
                _ => None,
            }
        };
    }
    parts!(
        "style.css": "text/css",
        "gallery.js": "text/javascript",
        "dom.js": "text/javascript",
        "highlight.js": "text/javascript",
        "hops.js": "text/javascript",
        "panel.js": "text/javascript",
        "views.js": "text/javascript",
        "wire.js": "text/javascript",
    )
}

/// Where the same page is served by another face, or by this one.
#[derive(serde::Deserialize)]
pub(crate) struct Face {
    name: String,
    url: String,
}

/// The page as it is sent to a client that has found the gallery at `origin`.
pub(crate) fn page(faces: &[Face], origin: &str) -> String {
    fill(include_str!("../../page/index.html"), |place| {
        Some(match place {
            "faces" => links(faces),
            "nodes" => escaped(&nodes(faces, origin)),
            "face" => FACE.to_owned(),
            "version" => env!("CARGO_PKG_VERSION").to_owned(),
            "HTMLResponse" => "HtmlResponse".to_owned(),
            "JSONResponse" => "JsonResponse".to_owned(),
            "StaticFiles" => "Directory".to_owned(),
            "custom class" => "Render".to_owned(),
            "custom lesson" => {
                "Implement <code>Render</code> for a class of your own, and any library can \
                make the bytes."
                    .to_owned()
            }
            _ => {
                let (name, curl) = place.strip_prefix("program ")?.split_once(' ')?;
                program(name, curl, origin)?
            }
        })
    })
}

/// A program, and how it is run and asked.
fn program(name: &str, curl: &str, origin: &str) -> Option<String> {
    let source = programs::find(name)?.source;
    let filled = fill(include_str!("../../page/program.html"), |place| {
        Some(match place {
            "name" => name.to_owned(),
            "file" => "src/main.rs".to_owned(),
            "source" => escaped(source.trim_end()),
            "setup" => escaped(&setup(name, source)),
            "files" => escaped(&files(name, source, origin)),
            "serve" => "cargo run".to_owned(),
            "curl" => curl.to_owned(),
            _ => return None,
        })
    });
    Some(filled)
}

/// How the package comes to be in which the program is built.
fn setup(name: &str, source: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let antiphon = root.canonicalize().unwrap_or(root).join("crates/antiphon");
    let mut commands = format!(
        "cargo new {name} && cd {name}\ncargo add --path '{}'",
        antiphon.display()
    );
    for (path, feature) in FEATURES {
        if source.contains(path) {
            commands += &format!(" --features {feature}");
        }
    }
    for (path, package) in CRATES {
        if source.contains(path) {
            commands += &format!("\ncargo add {package}");
        }
    }
    commands
}

/// How a file comes to be where the program reads it: the gallery has it.
fn files(name: &str, source: &str, origin: &str) -> String {
    if name == "directory" {
        let line = |file: &str| {
            let path = file.replacen("site", name, 1);
            format!("curl -o {file} --create-dirs {origin}/{path}\n")
        };
        return files::SITE.map(line).concat();
    }
    [files::TEXT, files::SOUND]
        .into_iter()
        .filter(|file| source.contains(file))
        .map(|file| format!("curl -o {file} {origin}/{name}\n"))
        .collect()
}

/// The faces as links, of which one leads here.
fn links(faces: &[Face]) -> String {
    faces
        .iter()
        .map(|Face { name, url }| {
            let current = if name == FACE {
                " aria-current=\"page\""
            } else {
                ""
            };
            format!(
                "<a href=\"{}\"{current}>{}</a>\n",
                escaped(url),
                escaped(name)
            )
        })
        .collect()
}

/// Where the chat is the same, if it is shared: all faces.
fn nodes(faces: &[Face], origin: &str) -> String {
    if std::env::var_os("REDIS_URL").is_none() {
        return String::new();
    }
    if faces.is_empty() {
        return format!("{origin}/");
    }
    let urls: Vec<&str> = faces.iter().map(|face| &*face.url).collect();
    urls.join(" ")
}

/// Puts a text into each place of a template: `{{place}}`. A place that is not known stays as it is.
fn fill(template: &str, text: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{")
        && let Some((place, after)) = after.split_once("}}")
    {
        filled += before;
        filled += &text(place).unwrap_or_else(|| format!("{{{{{place}}}}}"));
        rest = after;
    }
    filled + rest
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

const FACE: &str = "Rust";

/// What programs use of `antiphon` that it has not by default.
const FEATURES: [(&str, &str); 2] = [
    ("channel::redis", "redis"),
    ("ObjectSource", "object-store"),
];

/// What programs use besides `antiphon`: how it begins in a path, and what `cargo add` takes for it.
const CRATES: [(&str, &str); 8] = [
    (
        "tokio::",
        "tokio@1 --features macros,rt-multi-thread,sync,time",
    ),
    ("object_store::", "object_store@0.14 --no-default-features"),
    ("async_stream::", "async-stream@0.3"),
    ("bytes::", "bytes@1"),
    ("http::", "http@1"),
    ("serde::", "serde@1 --features derive"),
    ("serde_json::", "serde_json@1"),
    ("sonic_rs::", "sonic-rs@0.5"),
];
