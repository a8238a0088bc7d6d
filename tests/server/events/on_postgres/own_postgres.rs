//! A PostgreSQL of one test alone, which it may stop and start.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rocket::tokio;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A server on a socket in a temporary folder. Dropped, it is gone.
pub struct OwnPostgres {
    folder: TempDir,
    programs: PathBuf,
    server: Option<Child>,
}

impl OwnPostgres {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut own = Self { folder, programs: programs(), server: None };
        if geteuid().is_root() {
            let chown = Command::new("chown").arg("postgres").arg(own.folder.path()).status();
            assert!(chown.expect("it is installed").success());
        }
        let mut initdb = own.program("initdb");
        initdb.args(["--username=vestibule", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        let made = initdb.arg("-D").arg(own.data()).output().expect("it is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        own.resume().await;
        own
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://vestibule@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Runs a statement in one of its databases.
    pub async fn execute(&self, database: &str, sql: &str) {
        let mut connection =
            PgConnection::connect(&self.url(database)).await.expect("it can be reached");
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("the statement runs");
    }

    /// Starts it again.
    pub async fn resume(&mut self) {
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).args(["-c", "listen_addresses="]);
        postgres.arg("-c").arg(format!("unix_socket_directories={}", self.folder.path().display()));
        self.server = Some(postgres.spawn().expect("it is installed"));
        let begun = Instant::now();
        while PgConnection::connect(&self.url("postgres")).await.is_err() {
            assert!(begun.elapsed() < Duration::from_mins(1), "PostgreSQL does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops it with everything that is connected: the fast way, or as if the power had failed.
    pub fn stop(&mut self, signal: Signal) {
        if let Some(mut server) = self.server.take() {
            kill_process(Pid::from_child(&server), signal).expect("it runs");
            server.wait().expect("it is ours");
        }
    }

    /// Lets its processes that serve listeners do nothing more, as if their host had gone without a
    /// word.
    pub async fn pause_listeners(&self) {
        const SQL: &str = "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'";
        let url = self.url("postgres");
        let mut connection = PgConnection::connect(&url).await.expect("it can be reached");
        let found = sqlx::query_scalar::<_, i32>(SQL).fetch_all(&mut connection).await;
        for pid in found.expect("it answers") {
            let process = Pid::from_raw(pid).expect("a process");
            kill_process(process, Signal::STOP).expect("it runs");
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of PostgreSQL, under another account when we are root, and gone when we are.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if geteuid().is_root() {
            let mut command = Command::new("setpriv");
            let account = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
            command.args(account).args(["--pdeathsig=INT", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.stop(Signal::QUIT);
    }
}

/// The folder that has `initdb` and `postgres`: on the PATH, or where Debian keeps them.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian.map(|version| version.expect("a folder").path().join("bin"));
    let has_both =
        |folder: &Path| folder.join("initdb").exists() && folder.join("postgres").exists();
    let found = std::env::split_paths(&path).chain(debian).find(|folder| has_both(folder));
    found.expect("PostgreSQL is installed")
}
