//! What a hash says.

use super::*;

#[tokio::test]
async fn a_password_matches_its_hash_and_no_other_does() {
    let pool = pool();
    let stored = pool.hash(lane(1), PASSWORD).await.expect("a hash");
    assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    let right = pool.verify(lane(1), PASSWORD, Some(&stored)).await;
    assert_eq!(right, Ok(Verdict { matches: true, outdated: false }));
    for wrong in ["", "looking-glass-187", "looking-glass-1871 ", "Looking-glass-1871"] {
        let verdict = pool.verify(lane(1), wrong, Some(&stored)).await;
        assert_eq!(verdict, Ok(Verdict { matches: false, outdated: false }), "{wrong:?}");
    }
}

#[tokio::test]
async fn composed_and_decomposed_are_the_same_password() {
    let pool = pool();
    let stored = pool.hash(lane(1), "caf\u{e9} au lait").await.expect("a hash");
    let decomposed = pool.verify(lane(1), "cafe\u{301} au lait", Some(&stored)).await;
    assert_eq!(decomposed.map(|verdict| verdict.matches), Ok(true));
    let without = pool.verify(lane(1), "cafe au lait", Some(&stored)).await;
    assert_eq!(without.map(|verdict| verdict.matches), Ok(false));
}

#[tokio::test]
async fn nothing_is_truncated() {
    let pool = pool();
    for length in [72, 128, 256, 1_024] {
        for unit in ["x", "\u{e9}", "\u{1f600}"] {
            let (one, other) = (unit.repeat(length), unit.repeat(length - 1) + "y");
            let stored = pool.hash(lane(1), &one).await.expect("a hash");
            let same = pool.verify(lane(1), &one, Some(&stored)).await;
            assert_eq!(same.map(|verdict| verdict.matches), Ok(true));
            let twin = pool.verify(lane(1), &other, Some(&stored)).await;
            assert_eq!(twin.map(|verdict| verdict.matches), Ok(false), "{length} times {unit}");
            let longer = pool.verify(lane(1), &(one + "y"), Some(&stored)).await;
            assert_eq!(longer.map(|verdict| verdict.matches), Ok(false), "{length} and one");
        }
    }
}

#[test]
fn normalising_never_outgrows_its_memory() {
    for password in ["", PASSWORD, "\u{1d160}\u{fb2c}\u{390}\u{958}", "e\u{301}\u{302}\u{327}"] {
        let expected: String = password.nfc().collect();
        let composed = normalised(password);
        assert_eq!(*composed, expected);
        assert!(composed.len() <= 3 * password.len());
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_is_checked_as_it_was_made_and_outdated() {
    let larger = Cost { memory_kib: 64, iterations: 2, parallelism: 2 };
    let before = Pool::start(PoolSettings { cost: larger, ..settings() }, Clock::manual(0));
    let stored = before.expect("a pool").hash(lane(1), PASSWORD).await.expect("a hash");
    let pool = pool();
    let right = pool.verify(lane(1), PASSWORD, Some(&stored)).await;
    assert_eq!(right, Ok(Verdict { matches: true, outdated: true }));
    let wrong = pool.verify(lane(1), "wrong", Some(&stored)).await;
    assert_eq!(wrong, Ok(Verdict { matches: false, outdated: true }));
}

#[tokio::test]
async fn an_unknown_account_runs_one_and_the_same_job() {
    let pool = pool();
    let stored = pool.hash(lane(1), PASSWORD).await.expect("a hash");
    assert_eq!(pool.jobs_run(), 1);
    let wrong = pool.verify(lane(1), "wrong", Some(&stored)).await;
    assert_eq!(pool.jobs_run(), 2);
    let unknown = pool.verify(lane(1), "wrong", None).await;
    assert_eq!(pool.jobs_run(), 3);
    assert_eq!(unknown, wrong);
    assert_eq!(unknown, Ok(Verdict { matches: false, outdated: false }));
}

#[tokio::test]
async fn what_is_stored_may_be_nonsense() {
    let pool = pool();
    let endless = "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEs";
    for (n, stored) in ["", "$", PASSWORD, endless, "\0", "$argon2id$$$$$"].into_iter().enumerate()
    {
        let verdict = pool.verify(lane(1), PASSWORD, Some(stored)).await;
        assert_eq!(verdict, Ok(Verdict { matches: false, outdated: false }), "{stored:?}");
        assert_eq!(pool.jobs_run(), 1 + n as u64, "a job runs all the same");
    }
    assert!(pool.hash(lane(1), "\0\u{ffff}\u{202e}").await.is_ok());
}

#[test]
fn a_cost_that_cannot_be_computed_is_an_error_at_the_start() {
    for cost in [
        Cost { memory_kib: 7, ..COST },
        Cost { iterations: 0, ..COST },
        Cost { parallelism: 0, ..COST },
        Cost { memory_kib: u32::MAX, ..COST },
    ] {
        let started = Pool::start(PoolSettings { cost, ..settings() }, Clock::manual(0));
        assert!(matches!(started, Err(StartError::Cost(refused)) if refused == cost));
    }
}
