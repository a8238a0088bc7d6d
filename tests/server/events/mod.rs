//! The bus: who waits for something on any node gets a hint, and nobody believes one.

mod on_postgres;
mod operations;
mod sessions;
mod sweep;

use std::time::Duration;

use rocket::tokio;
use rocket::tokio::task::JoinHandle;
use rocket::tokio::time::{sleep, timeout};
use vestibule::events::{Event, Events, Subscription};
use vestibule::random;
use vestibule::store::Store;

/// A node that does nothing but listen. Dropped, it hears nothing more.
struct Node {
    store: Store,
    events: Events,
    listening: JoinHandle<()>,
}

impl Node {
    async fn on(url: &str) -> Self {
        let store = Store::open(url).await.expect("the database opens");
        let events = Events::new(store.clone());
        let own = events.clone();
        let listening = tokio::spawn(async move { own.listen().await });
        let node = Self { store, events, listening };
        hears(&node.events, &node.store).await;
        node
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Waits until a node hears the others. The hint for all that comes of it is over then.
async fn hears(node: &Events, store: &Store) {
    let other = Events::new(store.clone());
    let probe = operation();
    let mut waiting = node.subscribe(probe.clone());
    // Once for the hint that everybody gets, and then for what was said.
    for _ in 0..2 {
        loop {
            other.publish(probe.clone()).await;
            if timeout(Duration::from_millis(100), waiting.changed()).await.is_ok() {
                break;
            }
        }
    }
    sleep(Duration::from_millis(100)).await;
}

/// An event that nobody else can mean.
fn operation() -> Event {
    Event::Operation(random::id())
}

/// Whether there is a hint, now or soon.
async fn is_hinted(waiting: &mut Subscription) -> bool {
    timeout(Duration::from_secs(20), waiting.changed()).await.is_ok()
}

/// Whether nothing is heard for a while.
async fn is_left_alone(waiting: &mut Subscription) -> bool {
    timeout(Duration::from_millis(300), waiting.changed()).await.is_err()
}
