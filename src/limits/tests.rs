use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::clock::{HOUR, MINUTE};

struct Fixture {
    clock: Clock,
    limits: Limits,
}

fn fixture() -> Fixture {
    let clock = Clock::manual(1_800_000_000_000);
    let limits = Limits::new(clock.clone(), &Settings::default());
    Fixture { clock, limits }
}

/// The nth network of many.
fn network(n: u32) -> NetworkKey {
    NetworkKey::of(IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + n)))
}

/// How many tries in a row are let through, all of them wrong guesses.
fn guesses(mut one: impl FnMut() -> Result<Attempt, Limited>) -> usize {
    std::iter::repeat_with(|| one().map(drop)).take(100_000).take_while(Result::is_ok).count()
}

#[test]
fn a_login_has_ten_tries_from_a_network_and_one_more_each_minute() {
    let Fixture { clock, limits } = fixture();
    let alice = || limits.sign_in("alice", network(1), None);
    assert_eq!(guesses(alice), 10);
    assert_eq!(alice().map(drop), Err(Limited { retry_after_seconds: 60 }));
    assert!(limits.sign_in("bob", network(1), None).is_ok());
    clock.advance(MINUTE);
    assert_eq!(guesses(alice), 1);
    clock.advance(HOUR);
    assert_eq!(guesses(alice), 10);
}

#[test]
fn fifty_guesses_at_once_are_fifty_tokens() {
    let Fixture { limits, .. } = fixture();
    let through: usize = std::thread::scope(|scope| {
        let alice = || limits.sign_in("alice", network(1), None).is_ok();
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(alice)).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().expect("no panic"))).sum()
    });
    assert_eq!(through, 10);
}

#[test]
fn right_passwords_are_not_counted() {
    let Fixture { limits, .. } = fixture();
    for person in 0..1_000 {
        let office = limits.sign_in(&format!("person-{person}"), network(1), None);
        office.expect("an office behind one address signs in").give_back();
    }
    for _ in 0..100 {
        limits.sign_in("alice", network(1), None).expect("again").give_back();
    }
    assert_eq!(guesses(|| limits.sign_in("alice", network(1), None)), 10);
}

#[test]
fn one_network_guesses_at_sixty_logins_then_one_more_each_two_seconds() {
    let Fixture { clock, limits } = fixture();
    let mut login = 0;
    let mut spray = || {
        login += 1;
        limits.sign_in(&format!("login-{login}"), network(1), None)
    };
    assert_eq!(guesses(&mut spray), 60);
    clock.advance(MINUTE);
    assert_eq!(guesses(&mut spray), 30);
    assert!(limits.sign_in("alice", network(2), None).is_ok());
}

#[test]
fn refused_tries_cost_the_network_nothing() {
    let Fixture { limits, .. } = fixture();
    for _ in 0..500 {
        drop(limits.sign_in("alice", network(1), None));
    }
    let mut login = 0;
    let others = guesses(|| {
        login += 1;
        limits.sign_in(&format!("login-{login}"), network(1), None)
    });
    assert_eq!(others, 50);
}

#[test]
fn a_botnet_is_slowed_and_cannot_lock_the_person_out() {
    let Fixture { clock, limits } = fixture();
    let at_home = network(0);
    let botnet =
        |networks| (1..=networks).map(|n| guesses(|| limits.sign_in("alice", network(n), None)));
    let first: usize = botnet(2_000).sum();
    assert_eq!(first, 100 + 2_000 - 10, "the shared hundred, then one for each network left");

    assert!(limits.sign_in("alice", at_home, None).is_ok(), "her first try from home");
    let again = limits.sign_in("alice", at_home, None).map(drop);
    assert_eq!(again, Err(Limited { retry_after_seconds: 600 }));
    assert!(limits.sign_in("bob", at_home, None).is_ok(), "others at home are not concerned");

    clock.advance(10 * MINUTE);
    assert!(botnet(2_000).sum::<usize>() <= 2_000 + 10);
    assert!(limits.sign_in("alice", at_home, None).is_ok(), "her second try, under attack still");
}

#[test]
fn a_known_device_does_not_notice_an_attack() {
    let Fixture { limits, .. } = fixture();
    let cafe = network(1);
    for n in 0..200 {
        guesses(|| limits.sign_in("alice", network(n), None));
        guesses(|| limits.sign_in(&format!("login-{n}"), cafe, None));
    }
    assert!(limits.sign_in("bob", cafe, None).is_err(), "the cafe is used up");
    assert_eq!(guesses(|| limits.sign_in("alice", cafe, Some("laptop"))), 10);
    assert_eq!(guesses(|| limits.sign_in("alice", cafe, Some("telephone"))), 10);
}

#[test]
fn a_known_device_is_limited_by_itself_and_costs_others_nothing() {
    let Fixture { clock, limits } = fixture();
    let laptop = || limits.sign_in("alice", network(1), Some("laptop"));
    assert_eq!(guesses(laptop), 10);
    clock.advance(MINUTE);
    assert_eq!(guesses(laptop), 1);
    assert_eq!(guesses(|| limits.sign_in("alice", network(1), None)), 10);
}

#[test]
fn sign_ups_are_limited_by_network_and_by_node() {
    let Fixture { clock, limits } = fixture();
    assert_eq!(guesses(|| limits.sign_up(network(1))), 20);
    clock.advance(3 * MINUTE);
    assert_eq!(guesses(|| limits.sign_up(network(1))), 1);
    let everywhere: usize = (2..200).map(|n| guesses(|| limits.sign_up(network(n)))).sum();
    assert_eq!(
        everywhere,
        1_000 - 1,
        "the node's thousand was full again before the last of these"
    );
}

#[test]
fn a_sign_up_the_node_refuses_costs_the_network_nothing() {
    let clock = Clock::manual(0);
    let settings = Settings { sign_up_node: Rate::new(1, 1_000), ..Settings::default() };
    let limits = Limits::new(clock.clone(), &settings);
    assert!(limits.sign_up(network(1)).is_ok());
    for _ in 0..100 {
        assert!(limits.sign_up(network(2)).is_err());
    }
    clock.advance(1_000);
    assert!(limits.sign_up(network(2)).is_ok());
}

#[test]
fn checks_of_the_current_password_are_limited_by_account() {
    let Fixture { limits, .. } = fixture();
    limits.password_check("alice").expect("the first").give_back();
    assert_eq!(guesses(|| limits.password_check("alice")), 10);
    assert!(limits.password_check("bob").is_ok());
}

#[test]
fn a_session_has_thirty_payloads_a_minute_for_a_client() {
    let Fixture { clock, limits } = fixture();
    let wiki =
        || std::iter::repeat_with(|| limits.bridge("s1", "wiki")).take_while(Result::is_ok).count();
    assert_eq!(wiki(), 30);
    assert!(limits.bridge("s1", "notes").is_ok());
    assert!(limits.bridge("s2", "wiki").is_ok());
    clock.advance(MINUTE);
    assert_eq!(wiki(), 30);
}

#[test]
fn a_backend_with_a_wrong_secret_has_room_to_notice() {
    let Fixture { limits, .. } = fixture();
    let wrong = std::iter::repeat_with(|| limits.client_auth_failed(network(1)));
    assert_eq!(wrong.take_while(Result::is_ok).count(), 300);
    assert!(limits.client_auth_failed(network(2)).is_ok());
}

#[test]
fn a_sweep_forgets_everything_once_all_is_quiet() {
    let Fixture { clock, limits } = fixture();
    for n in 0..3_000 {
        drop(limits.sign_in(&format!("login-{n}"), network(n), None));
        assert!(limits.bridge(&format!("session-{n}"), "wiki").is_ok());
    }
    assert_eq!(limits.remembered(), 4 * 3_000);
    limits.sweep();
    assert_eq!(limits.remembered(), 4 * 3_000);
    clock.advance(MINUTE);
    limits.sweep();
    assert_eq!(limits.remembered(), 0);
}

#[test]
fn memory_is_bounded_without_a_sweep_too() {
    let settings = Settings { max_keys: 100, ..Settings::default() };
    let limits = Limits::new(Clock::manual(0), &settings);
    for n in 0..10_000 {
        drop(limits.sign_in(&format!("login-{n}"), network(n), None));
    }
    assert!(limits.remembered() <= 300, "three rules, a hundred each");
}

#[test]
fn every_rate_can_be_raised() {
    let limits = Limits::new(Clock::manual(0), &Settings::all(Rate::new(5_000, 1)));
    assert_eq!(guesses(|| limits.sign_in("alice", network(1), None)), 5_000);
}
