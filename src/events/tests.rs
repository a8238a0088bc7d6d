use futures_util::future::FutureExt;
use std::sync::Arc;

use super::Event;
use super::subscribers::{Subscribers, Subscription};

fn operation(n: usize) -> Event {
    Event::Operation(format!("{n:032x}"))
}

fn is_hinted(subscription: &mut Subscription) -> bool {
    subscription.changed().now_or_never().is_some()
}

#[test]
fn a_hint_reaches_all_who_wait_for_it_and_nobody_else() {
    let subscribers = Arc::new(Subscribers::default());
    let mut two = [1, 1].map(|n| subscribers.subscribe(operation(n)));
    let mut other = subscribers.subscribe(operation(2));
    let mut namesake = subscribers.subscribe(Event::Sessions(format!("{:032x}", 1)));
    subscribers.hint(&operation(1));
    assert!(two.iter_mut().all(is_hinted));
    assert!(!is_hinted(&mut other) && !is_hinted(&mut namesake));
    assert!(!two.iter_mut().any(is_hinted), "each once");
}

#[test]
fn hints_that_nobody_looked_at_are_one() {
    let subscribers = Arc::new(Subscribers::default());
    let mut one = subscribers.subscribe(operation(1));
    (0..1_000).for_each(|_| subscribers.hint(&operation(1)));
    assert!(is_hinted(&mut one));
    assert!(!is_hinted(&mut one));
}

#[test]
fn what_was_hinted_before_is_not_told() {
    let subscribers = Arc::new(Subscribers::default());
    let _first = subscribers.subscribe(operation(1));
    subscribers.hint(&operation(1));
    assert!(!is_hinted(&mut subscribers.subscribe(operation(1))));
}

#[tokio::test]
async fn one_who_waits_is_woken_and_a_wait_that_was_dropped_loses_nothing() {
    let subscribers = Arc::new(Subscribers::default());
    let mut one = subscribers.subscribe(operation(1));
    let hinting = subscribers.clone();
    let waiting = tokio::spawn(async move {
        one.changed().await;
        one
    });
    tokio::task::yield_now().await;
    hinting.hint(&operation(1));
    let mut one = waiting.await.expect("it is woken");
    {
        let wait = one.changed();
        tokio::pin!(wait);
        assert!(wait.as_mut().now_or_never().is_none());
        hinting.hint(&operation(1));
    }
    assert!(is_hinted(&mut one));
}

#[test]
fn the_last_to_go_takes_the_entry_along() {
    let subscribers = Arc::new(Subscribers::default());
    let (first, mut second) =
        (subscribers.subscribe(operation(1)), subscribers.subscribe(operation(1)));
    assert_eq!(subscribers.len(), 1);
    drop(first);
    assert_eq!(subscribers.len(), 1);
    subscribers.hint(&operation(1));
    assert!(is_hinted(&mut second));
    drop(second);
    assert_eq!(subscribers.len(), 0);
    let mut again = subscribers.subscribe(operation(1));
    subscribers.hint(&operation(1));
    assert!(is_hinted(&mut again));
}

#[tokio::test]
async fn everybody_is_hinted_and_not_all_at_once() {
    let subscribers = Arc::new(Subscribers::default());
    let mut all: Vec<_> = (0..250).map(|n| subscribers.subscribe(operation(n))).collect();
    {
        let hinting = subscribers.hint_all();
        tokio::pin!(hinting);
        assert!(hinting.as_mut().now_or_never().is_none());
        assert_eq!(all.iter_mut().filter_map(|one| is_hinted(one).then_some(())).count(), 100);
        hinting.await;
    }
    assert_eq!(all.iter_mut().filter_map(|one| is_hinted(one).then_some(())).count(), 150);
}
