//! When more people sign in than the machine can hash for.

use futures_util::future::{FutureExt, join_all};
use rocket::tokio;
use std::net::IpAddr;
use std::pin::Pin;

use crate::support::{Answer, PASSWORD, Setup, TestServer};
use vestibule::limits::NetworkKey;
use vestibule::passwords::{Busy, Lane};

type Job<'a> = Pin<Box<dyn Future<Output = Result<String, Busy>> + 'a>>;

/// A hash that keeps the one thread for about a second.
const ENDLESS: &str = "$argon2id$v=19$m=65536,t=20,p=1$c29tZXNhbHRzb21lc2FsdA\
    $nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

fn stranger(n: u32) -> Lane {
    let address = IpAddr::from(u32::to_be_bytes(0x0a00_0000 + n));
    Lane { network: NetworkKey::of(address), known_device: false, suspect: false }
}

/// Keeps the thread busy; comes back when the work has begun.
async fn occupy(server: &TestServer) -> tokio::task::JoinHandle<()> {
    let (pool, before) = (server.passwords.clone(), server.passwords.jobs_run());
    let job = tokio::spawn(async move {
        let verdict = pool.verify(stranger(0), "x", Some(ENDLESS)).await;
        assert!(verdict.is_ok_and(|verdict| !verdict.matches));
    });
    while server.passwords.jobs_run() == before {
        tokio::task::yield_now().await;
    }
    job
}

/// One job from each of so many networks that no more can wait.
fn fill(server: &TestServer) -> Vec<Job<'_>> {
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for n in 1..10_000 {
        let mut job: Job<'_> = Box::pin(server.passwords.hash(stranger(n), "x"));
        match job.as_mut().now_or_never() {
            None => jobs.push(job),
            Some(Err(_)) => return jobs,
            Some(Ok(_)) => panic!("a hash was made though the thread is busy"),
        }
    }
    panic!("the queue has no end");
}

fn hold_busy(answer: &Answer) {
    assert_eq!(answer.status, 503);
    let seconds: u64 = answer.header("Retry-After").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&seconds));
    let error = answer.form_error().expect("a sentence");
    assert!(error.contains("Try again in a few seconds"), "{error}");
    assert!(answer.set_cookies().is_empty());
    assert!(!answer.text.contains(PASSWORD));
}

#[rocket::async_test]
async fn a_full_queue_says_come_back_and_still_serves_a_browser_that_is_known() {
    let setup = Setup::new().await.behind_a_proxy().with_real_limits();
    let server = setup.start().await;
    let alice = server.browser_at("192.0.2.1");
    assert_eq!(alice.sign_up("alice").await.status, 303);
    alice.sign_out().await;

    let work = occupy(&server).await;
    let waiting = fill(&server);
    // More tries than the limits allow: none of them counts, since no password was looked at.
    let strangers: Vec<_> = (0..11).map(|_| server.browser_at("192.0.2.2")).collect();
    let tries = join_all(strangers.iter().map(|stranger| stranger.sign_in("alice", PASSWORD)));
    let other = server.browser_at("192.0.2.3");
    let (answers, new) = tokio::join!(tries, other.sign_up("bob"));
    for answer in answers {
        hold_busy(&answer);
        assert_eq!(answer.typed("login").as_deref(), Some("alice"));
    }
    hold_busy(&new);
    assert_eq!(new.typed("username").as_deref(), Some("bob"));
    assert!(!work.is_finished(), "all that while the thread was busy");

    let known = alice.sign_in("alice", PASSWORD).await;
    assert_eq!(known.status, 303, "a known browser waits in a line of its own");
    work.await.expect("the work ends");
    drop(waiting);
    let stranger = server.browser_at("192.0.2.2").sign_in("alice", PASSWORD).await;
    assert_eq!(stranger.status, 303, "those who do not wait any more are not in the way");
}

#[rocket::async_test]
async fn the_forms_of_people_who_are_signed_in_say_come_back_as_well() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let work = occupy(&server).await;
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for n in 1..1_000 {
        let lane = Lane { known_device: true, ..stranger(n) };
        let mut job: Job<'_> = Box::pin(server.passwords.hash(lane, "x"));
        if job.as_mut().now_or_never().is_some() {
            break;
        }
        jobs.push(job);
    }
    let fields = [
        ("current", PASSWORD),
        ("new", "curiouser and curiouser"),
        ("full_name", "Alice"),
        ("username", "alicia"),
        ("email", "alice@example.org"),
        ("password", PASSWORD),
    ];
    for path in ["/account/password", "/account/profile"] {
        hold_busy(&alice.post(path, &fields).await);
    }
    assert!(!work.is_finished(), "all that while the thread was busy");
    drop(jobs);
    work.await.expect("the work ends");
}

#[rocket::async_test]
async fn pages_without_a_password_do_not_wait() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let work = occupy(&server).await;
    let waiting = fill(&server);
    assert!(alice.is_signed_in().await);
    assert_eq!(server.browser().get("/bridge?client_id=wiki").await.status, 200);
    assert_eq!(server.browser().get("/ready").await.status, 200);
    assert!(!work.is_finished(), "all that while the thread was busy");
    drop(waiting);
    work.await.expect("the work ends");
}
