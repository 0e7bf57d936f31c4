//! The programs that people download with: whole, in slices, resumed, not at all if unchanged, and as
//! it comes.

use crate::files::Folder;
use crate::support::{Running, start};
use antiphon::channel::EventChannel;
use antiphon::{
    ContentResponse, EventSourceResponse, FileResponse, LastEventId, ServerSentEvent, SourceFacts,
    asgi,
};
use bytes::Bytes;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncBufReadExt, BufReader};

const LENGTH: usize = 5_000_000;

/// Served content, a folder for a client to work in, and what the client has asked for.
struct Site {
    content: Vec<u8>,
    server: Running,
    /// The `Range` of each request, empty where there was none.
    ranges: Arc<Mutex<Vec<String>>>,
    folder: Folder,
}

impl Site {
    /// The same content as a file, and as bytes in memory.
    async fn both() -> [Self; 2] {
        [Self::open(false).await, Self::open(true).await]
    }

    async fn open(is_in_memory: bool) -> Self {
        let folder = Folder::new();
        let path = folder.0.join("served.bin");
        let content = noise();
        fs::write(&path, &content).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();

        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        let facts = SourceFacts::new(LENGTH as u64).last_modified(modified);
        let facts = facts.etag("a-tag").unwrap();
        let in_memory = ContentResponse::new(Bytes::from(content.clone())).facts(facts);
        let app = move |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| {
            let range = scope
                .headers()
                .get("range")
                .map_or("", |range| range.to_str().unwrap());
            seen.lock().unwrap().push(range.to_owned());
            let file = FileResponse::new(&path);
            let in_memory = in_memory.clone();
            async move {
                match is_in_memory {
                    true => in_memory.call(scope, receive, send).await,
                    false => file.call(scope, receive, send).await,
                }
            }
        };
        Self {
            content,
            server: start(app).await,
            ranges,
            folder,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/file.bin", self.server.address)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// Leaves the first half of the file behind, as an interrupted download does.
    fn leave_half(&self, name: &str) {
        fs::write(self.path(name), &self.content[..LENGTH / 2]).unwrap();
    }

    fn assert_whole(&self, name: &str) {
        // Not `assert_eq`, which would print megabytes.
        assert!(
            fs::read(self.path(name)).unwrap() == self.content,
            "{name} is not what was served"
        );
    }

    fn ranges(&self) -> Vec<String> {
        std::mem::take(&mut self.ranges.lock().unwrap())
    }

    /// Runs a program that asks for the file, and returns what it has printed.
    async fn run(&self, program: &'static str, arguments: &[&str]) -> String {
        let mut command = isolated(program, &self.folder.0);
        command.args(arguments).arg(self.url());
        let run = tokio::task::spawn_blocking(move || command.output());
        let Output {
            status,
            stdout,
            stderr,
        } = run.await.unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            status.success(),
            "{program}: {status} {} {}",
            text(&stdout),
            text(&stderr)
        );
        text(&stdout)
    }

    /// Runs curl, and returns the status and the length of the body that it has got.
    async fn curl(&self, arguments: &[&str]) -> String {
        const ALWAYS: [&str; 6] = [
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "--write-out",
            "%{http_code} %{size_download}",
        ];
        self.run("curl", &[&ALWAYS, arguments].concat()).await
    }
}

/// Bytes without a pattern, the same each time: xorshift.
fn noise() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(LENGTH).collect()
}

/// A program that sees nothing of the user's settings, such as a proxy's.
fn isolated(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Tells whether a program is there; with CI=true it has to be.
fn installed(program: &str) -> bool {
    let found = isolated(program, Path::new("/")).arg("--version").output();
    if !found.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return true;
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(
        !ci,
        "{program} is missing, and with CI=true no test may be left out"
    );
    // The harness keeps what `eprintln!` prints in a test that passes to itself.
    let mut stderr = std::io::stderr();
    writeln!(
        stderr,
        "LEFT OUT: the tests with a real client, for want of {program}"
    )
    .unwrap();
    false
}

#[tokio::test]
async fn curl_gets_the_whole_a_slice_and_the_rest() {
    if !installed("curl") {
        return;
    }
    for site in Site::both().await {
        assert_eq!(site.curl(&["--output", "whole"]).await, "200 5000000");
        site.assert_whole("whole");

        assert_eq!(
            site.curl(&["--range", "100-199", "--output", "slice"])
                .await,
            "206 100"
        );
        assert_eq!(
            fs::read(site.path("slice")).unwrap(),
            site.content[100..200]
        );

        site.leave_half("half");
        assert_eq!(
            site.curl(&["--continue-at", "-", "--output", "half"]).await,
            "206 2500000"
        );
        site.assert_whole("half");
        assert_eq!(site.ranges(), ["", "bytes=100-199", "bytes=2500000-"]);
    }
}

#[tokio::test]
async fn curl_does_not_load_again_what_has_not_changed() {
    if !installed("curl") {
        return;
    }
    for site in Site::both().await {
        // By the date that the file was given with its first download.
        assert_eq!(
            site.curl(&["--remote-time", "--output", "dated"]).await,
            "200 5000000"
        );
        assert_eq!(
            site.curl(&["--time-cond", "dated", "--output", "again"])
                .await,
            "304 0"
        );
        // By its tag.
        assert_eq!(
            site.curl(&["--etag-save", "tag", "--output", "tagged"])
                .await,
            "200 5000000"
        );
        assert_eq!(
            site.curl(&["--etag-compare", "tag", "--output", "tagged"])
                .await,
            "304 0"
        );
        site.assert_whole("tagged");
    }
}

#[tokio::test]
async fn wget_gets_the_rest() {
    if !installed("wget") {
        return;
    }
    for site in Site::both().await {
        site.leave_half("file.bin");
        site.run(
            "wget",
            &[
                "--no-config",
                "--quiet",
                "--timeout=20",
                "--tries=1",
                "--continue",
            ],
        )
        .await;
        site.assert_whole("file.bin");
        assert_eq!(site.ranges(), ["bytes=2500000-"]);
    }
}

#[tokio::test]
async fn aria2_gets_it_over_four_connections() {
    if !installed("aria2c") {
        return;
    }
    for site in Site::both().await {
        let arguments = [
            "--no-conf",
            "--quiet",
            "--max-connection-per-server=4",
            "--split=4",
            "--min-split-size=1M",
            "--file-allocation=none",
            "--async-dns=false",
            "--disable-ipv6",
            "--enable-dht=false",
            "--max-tries=1",
            "--stop=20",
        ];
        site.run("aria2c", &arguments).await;
        site.assert_whole("file.bin");
        let ranges = site.ranges();
        let slices = ranges.iter().filter(|range| !range.is_empty()).count();
        assert!(slices >= 3, "{ranges:?}");
    }
}

#[tokio::test]
async fn curl_shows_chunks_as_they_are_produced() {
    if !installed("curl") {
        return;
    }
    let channel = EventChannel::builder().repeatable_ids().build();
    let published = channel.clone();
    let server = start(move |scope: asgi::Scope, receive, send| {
        let last = LastEventId::of(&scope);
        let subscriber = channel.subscribe(last.as_bytes());
        EventSourceResponse::from_subscriber(subscriber).call(scope, receive, send)
    })
    .await;
    let folder = Folder::new();
    let mut command = isolated("curl", &folder.0);
    command.args(["--no-buffer", "--silent", "--max-time", "20"]);
    command.args(["--header", "Last-Event-ID: 0"]);
    command.arg(format!("http://{}/", server.address));
    command.stdout(Stdio::piped());
    let mut curl = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(curl.stdout.take().unwrap()).lines();
    // Each is made only when the one before is on curl's screen.
    for number in 1..=3 {
        let event = ServerSentEvent::new(format!("chunk {number}"));
        published.publish(&event).unwrap();
        let lines = [
            format!("id: {number}"),
            format!("data: chunk {number}"),
            String::new(),
        ];
        for line in lines {
            assert_eq!(shown.next_line().await.unwrap().unwrap(), line);
        }
    }
    published.close();
    assert!(curl.wait().await.unwrap().success());
}
