//! The one connection of SQLite that writes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use super::connections::{Connection, PATIENCE};

#[cfg(test)]
mod tests;

/// How many callers share one transaction at most.
const LARGEST_GROUP: usize = 64;

/// Callers take turns at it, and those who come at the same time share a transaction.
///
/// It is the commit that costs: pages written, a disk waited for, the caches of all readers gone
/// stale. So a caller after whom others wait leaves the commit to them; the last one commits for
/// all. Nobody is told that something was written before it was committed.
#[derive(Clone)]
pub(super) struct Writer {
    desk: Arc<Mutex<Desk>>,
    waiting: Arc<AtomicUsize>,
}

/// Between two turns: a transaction is open if, and only if, somebody waits for its commit.
struct Desk {
    connection: Connection,
    group: Vec<oneshot::Sender<bool>>,
}

impl Desk {
    /// Tells the group whether it is committed.
    fn tell(&mut self, is_committed: bool) {
        for waiting in self.group.drain(..) {
            // One who went away does not hear it.
            let _ = waiting.send(is_committed);
        }
    }
}

/// What a turn's statements run in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Each commits by itself.
    Nothing,
    /// The turn's own transaction.
    Transaction,
    /// That of a group; each stands for itself.
    Group,
    /// That of a group; all of them count, or none of the group.
    WholeGroup,
}

impl Writer {
    pub(super) async fn open(options: &SqliteConnectOptions) -> sqlx::Result<Self> {
        let desk = Desk { connection: Connection::open(options).await?, group: Vec::new() };
        Ok(Self { desk: Arc::new(Mutex::new(desk)), waiting: Arc::default() })
    }

    /// Waits for a turn. Its statements each stand for themselves, or together after
    /// [`Turn::begin`]; they count after [`Turn::end`].
    pub(super) async fn turn(&self) -> sqlx::Result<Turn> {
        let mut waiting = Waiting::with(self);
        let desk = timeout(PATIENCE, Arc::clone(&self.desk).lock_owned()).await;
        let mut desk = desk.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let others_wait = waiting.is_over();
        let within = if desk.group.is_empty() {
            desk.connection.refresh().await?;
            if others_wait {
                execute(&mut desk, "BEGIN IMMEDIATE").await?;
                Within::Group
            } else {
                Within::Nothing
            }
        } else {
            Within::Group
        };
        Ok(Turn { desk: Some(desk), writer: self.clone(), within })
    }

    /// Closes the connection after the turn that is on.
    pub(super) async fn close(&self) {
        self.desk.lock().await.connection.close().await;
    }
}

/// Somebody who waits for a turn. If they go away, and a group counted on them, it is committed.
struct Waiting<'a> {
    writer: &'a Writer,
    is_over: bool,
}

impl<'a> Waiting<'a> {
    fn with(writer: &'a Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self { writer, is_over: false }
    }

    /// Whether others go on waiting.
    fn is_over(&mut self) -> bool {
        self.is_over = true;
        self.writer.waiting.fetch_sub(1, Ordering::SeqCst) > 1
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over && !self.is_over() {
            let writer = self.writer.clone();
            tokio::spawn(async move { writer.turn().await?.end().await });
        }
    }
}

/// The connection for one caller. Dropped without [`Turn::end`], it undoes what it began.
pub(super) struct Turn {
    /// There until the turn is over.
    desk: Option<OwnedMutexGuard<Desk>>,
    writer: Writer,
    within: Within,
}

impl Turn {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        let desk = self.desk.as_mut().expect("the turn is not over");
        desk.connection.get()
    }

    /// From here on all statements count, or none.
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        self.within = match self.within {
            Within::Nothing => {
                // Takes the write lock at once, so that no upgrade can fail in the middle.
                let begun = sqlx::query("BEGIN IMMEDIATE").execute(self.connection());
                begun.await?;
                Within::Transaction
            }
            _ => Within::WholeGroup,
        };
        Ok(())
    }

    /// Returns when all that was written is on the disk.
    pub(super) async fn end(mut self) -> sqlx::Result<()> {
        let Some(mut desk) = self.desk.take() else {
            return Ok(());
        };
        match self.within {
            Within::Nothing => Ok(()),
            Within::Transaction => commit(&mut desk).await,
            Within::Group | Within::WholeGroup => end_in_group(desk, &self.writer).await,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (within, writer) = (self.within, self.writer.clone());
        if let Some(desk) = self.desk.take() {
            tokio::spawn(abandon(desk, within, writer));
        }
    }
}

/// Undoes what an abandoned turn began. What failed in the middle is a database in trouble (a
/// write that finds nothing to change is no failure), so a group is then undone as a whole: that
/// needs no savepoint around each turn.
async fn abandon(
    mut desk: OwnedMutexGuard<Desk>,
    within: Within,
    writer: Writer,
) -> sqlx::Result<()> {
    match within {
        Within::Nothing => Ok(()),
        Within::Group => end_in_group(desk, &writer).await,
        Within::Transaction | Within::WholeGroup => {
            let undone = execute(&mut desk, "ROLLBACK").await;
            desk.tell(false);
            undone
        }
    }
}

/// Leaves the commit to those who wait, or commits for those who left it to us.
async fn end_in_group(mut desk: OwnedMutexGuard<Desk>, writer: &Writer) -> sqlx::Result<()> {
    if desk.group.len() + 1 < LARGEST_GROUP && writer.waiting.load(Ordering::SeqCst) > 0 {
        let (committed, is_committed) = oneshot::channel();
        desk.group.push(committed);
        drop(desk);
        return match is_committed.await {
            Ok(true) => Ok(()),
            _ => Err(sqlx::Error::Protocol("the commit of a group failed".into())),
        };
    }
    let ended = commit(&mut desk).await;
    desk.tell(ended.is_ok());
    ended
}

async fn commit(desk: &mut Desk) -> sqlx::Result<()> {
    let ended = execute(desk, "COMMIT").await;
    if ended.is_err() {
        // It may be over already: some errors end a transaction.
        drop(execute(desk, "ROLLBACK").await);
    }
    ended
}

async fn execute(desk: &mut Desk, sql: &'static str) -> sqlx::Result<()> {
    let done = sqlx::query(sql).execute(desk.connection.get()).await;
    done.map(|_| ())
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
