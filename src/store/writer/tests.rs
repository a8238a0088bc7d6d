use std::path::Path;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteJournalMode;

use super::*;

async fn writer(folder: &Path) -> Writer {
    let writer = Writer::open(&options(folder)).await.expect("the file opens");
    write(&writer, "CREATE TABLE notes (text TEXT NOT NULL)").await;
    writer
}

fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join("test.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
}

async fn write(writer: &Writer, sql: &'static str) {
    let mut turn = writer.turn().await.expect("a turn");
    sqlx::query(sql).execute(turn.connection()).await.expect("it is written");
    turn.end().await.expect("it is committed");
}

/// How many notes somebody else sees.
async fn seen(folder: &Path) -> i64 {
    let mut other = SqliteConnection::connect_with(&options(folder)).await.expect("the file opens");
    let sql = "SELECT COUNT(*) FROM notes";
    sqlx::query_scalar(sql).fetch_one(&mut other).await.expect("a number")
}

const NOTE: &str = "INSERT INTO notes (text) VALUES ('a note')";

#[tokio::test]
async fn whoever_is_told_that_it_was_written_finds_it_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    let many = (0..200).map(|_| {
        let (writer, path) = (writer.clone(), folder.path().to_owned());
        tokio::spawn(async move {
            write(&writer, NOTE).await;
            seen(&path).await
        })
    });
    let many: Vec<_> = many.collect();
    for one in many {
        assert!(one.await.expect("no panic") >= 1);
    }
    assert_eq!(seen(folder.path()).await, 200);
}

#[tokio::test]
async fn those_who_wait_share_a_commit_and_nobody_sees_it_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    let blocking = writer.turn().await.expect("a turn");
    let two = [0, 1].map(|_| {
        let writer = writer.clone();
        tokio::spawn(async move { writer.turn().await })
    });
    tokio::task::yield_now().await;
    blocking.end().await.expect("nothing to commit");
    let [first, second] = two;
    let mut first = first.await.expect("no panic").expect("a turn");
    sqlx::query(NOTE).execute(first.connection()).await.expect("written");
    let first = tokio::spawn(first.end());
    let mut second = second.await.expect("no panic").expect("a turn");
    sqlx::query(NOTE).execute(second.connection()).await.expect("written");
    assert!(!first.is_finished());
    assert_eq!(seen(folder.path()).await, 0);
    second.end().await.expect("committed");
    first.await.expect("no panic").expect("committed");
    assert_eq!(seen(folder.path()).await, 2);
}

#[tokio::test]
async fn a_turn_that_is_dropped_undoes_what_it_began() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    let mut turn = writer.turn().await.expect("a turn");
    turn.begin().await.expect("begun");
    sqlx::query(NOTE).execute(turn.connection()).await.expect("written");
    drop(turn);
    write(&writer, NOTE).await;
    assert_eq!(seen(folder.path()).await, 1);
}

#[tokio::test]
async fn a_group_does_not_hang_on_somebody_who_went_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    let blocking = writer.turn().await.expect("a turn");
    let first = tokio::spawn({
        let writer = writer.clone();
        async move { writer.turn().await }
    });
    let second = tokio::spawn({
        let writer = writer.clone();
        async move { writer.turn().await.map(drop) }
    });
    tokio::task::yield_now().await;
    blocking.end().await.expect("nothing to commit");
    let mut first = first.await.expect("no panic").expect("a turn");
    sqlx::query(NOTE).execute(first.connection()).await.expect("written");
    let first = tokio::spawn(first.end());
    second.abort();
    first.await.expect("no panic").expect("committed");
    assert_eq!(seen(folder.path()).await, 1);
}
