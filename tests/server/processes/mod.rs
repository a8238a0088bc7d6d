//! Real `vestibule serve` and `vestibule demo` processes: what a killed one leaves behind, what
//! two of them on one database agree on, how they end.

mod demo;
mod ending;
mod killed;
mod two_nodes;
mod two_nodes_identification;
mod two_nodes_operations;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

use crate::support::{Answer, Browser, Database, FORM, ISSUER, Program, encode};

/// A folder to run in and a database.
struct Place {
    folder: TempDir,
    database: Database,
    cost: (&'static str, &'static str),
}

/// A running `vestibule serve`.
struct Node {
    program: Program,
    url: String,
}

impl Place {
    /// With the cheapest hashes that `serve` accepts.
    async fn new() -> Self {
        Self::with_cost("7168", "5").await
    }

    /// With hashes of so many KiB and passes.
    async fn with_cost(memory_kib: &'static str, iterations: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("vestibule.key");
        std::fs::write(&key, "0123456789abcdefghijklmnopqrstuv").expect("a file");
        private(&key);
        let place =
            Self { folder, database: Database::new().await, cost: (memory_kib, iterations) };
        place.with_grace(10)
    }

    /// With so many seconds for what runs to finish.
    fn with_grace(self, seconds: u32) -> Self {
        let settings = format!(
            "[default]\naddress = \"127.0.0.1\"\nport = 0\n\
             [default.shutdown]\ngrace = {seconds}\nmercy = 1\n"
        );
        std::fs::write(self.folder.path().join("test.toml"), settings).expect("a file");
        self
    }

    /// With more settings.
    fn with_settings(self, settings: &str) -> Self {
        let path = self.folder.path().join("test.toml");
        let before = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(&path, before + settings).expect("a file");
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = vestibule(self.folder.path());
        command
            .args(arguments)
            .env("ROCKET_CONFIG", "test.toml")
            .env("VESTIBULE_ISSUER", ISSUER)
            .env("VESTIBULE_DATABASE_URL", self.database.url())
            .env("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "vestibule.key")
            .env("VESTIBULE_PASSWORD_HASH__MEMORY_KIB", self.cost.0)
            .env("VESTIBULE_PASSWORD_HASH__ITERATIONS", self.cost.1);
        command
    }

    /// Starts a server and waits until it listens.
    async fn serve(&self) -> Node {
        let mut program = Program::start(&mut self.command(&["serve"]));
        let listens = "listening at ";
        let line = program.says(listens).await.unwrap_or_else(|said| panic!("{said}"));
        let (_, url) = line.split_once(listens).expect("an address follows");
        let url = url.split_whitespace().next().expect("an address").to_owned();
        Node { program, url }
    }

    /// Runs another command to its end and gives what it printed.
    async fn run(&self, arguments: &[&str]) -> Value {
        let mut program = Program::start(self.command(arguments).arg("--json"));
        let status = program.ended().await;
        let said = program.output();
        assert!(status.success(), "{said}");
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("not JSON: {said}"))
    }
}

impl Node {
    fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// Whether a session's cookie opens the account page here.
    async fn knows(&self, session: &str) -> bool {
        let browser = self.browser();
        browser.set_cookie("__Host-session", session);
        browser.is_signed_in().await
    }
}

/// The program, with nothing of ours in its environment.
fn vestibule(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    let ours = |name: &str| name.starts_with("VESTIBULE_") || name.starts_with("ROCKET_");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name) || name == "RUST_LOG") {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

/// A form from a page of ours, not sent yet: the answer may never come.
fn form(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    browser
        .request(Method::POST, path)
        .header("Sec-Fetch-Site", "same-origin")
        .header("Content-Type", FORM)
        .body(encode(fields))
}

/// The session of an answer that says yes.
fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let cookies = answer.set_cookies();
    let session = cookies.iter().find_map(|cookie| cookie.strip_prefix("__Host-session="));
    session.and_then(|value| value.split(';').next()).expect("a session").to_owned()
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("ours");
}
