//! A `redis-server` of the test's own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A server at a Unix socket, which ends with the test.
pub(crate) struct Engine {
    folder: PathBuf,
    options: Vec<String>,
    process: Option<Child>,
}

impl Engine {
    /// Starts a server that writes to disk before it acknowledges.
    pub(crate) fn start() -> Self {
        let mut engine = Self::absent(&["--appendonly", "yes", "--appendfsync", "always"]);
        engine.run();
        engine
    }

    /// Makes one that does not run yet.
    pub(crate) fn absent(options: &[&str]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("antiphon-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            options: options.iter().map(|&option| option.to_owned()).collect(),
            process: None,
        }
    }

    #[cfg(feature = "redis-tls")]
    pub(crate) fn add(&mut self, options: &[&str]) {
        self.options
            .extend(options.iter().map(|&option| option.to_owned()));
    }

    pub(crate) fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(self.socket());
        command.arg("--dir").arg(&self.folder).args(&self.options);
        let process = command.stdout(Stdio::null()).spawn();
        self.process = Some(process.expect("redis-server starts"));
        let start = Instant::now();
        while self.cli(&["PING"]) != "PONG" {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "redis-server answers"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Runs a command, and returns what `redis-cli` prints.
    pub(crate) fn cli(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.arg("-s")
            .arg(self.socket())
            .args(command)
            .stderr(Stdio::null());
        let output = cli.output().expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Runs commands, one a line, in one connection.
    pub(crate) fn feed(&self, commands: &str) {
        let mut cli = Command::new("redis-cli");
        cli.arg("-s")
            .arg(self.socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut cli = cli.spawn().expect("redis-cli runs");
        cli.stdin
            .take()
            .unwrap()
            .write_all(commands.as_bytes())
            .unwrap();
        assert!(cli.wait().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = self.process.as_ref().unwrap().id();
        let id = rustix::process::Pid::from_raw(id as i32).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Tells whether there is a `redis-server`. With `CI=true` there has to be.
pub(crate) fn is_there() -> bool {
    let mut version = Command::new("redis-server");
    let is_there = version
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    assert!(
        is_there || std::env::var_os("CI").is_none(),
        "CI: expected redis-server, but found none"
    );
    if !is_there {
        eprintln!("left out: there is no redis-server");
    }
    is_there
}
