//! What is missing, doubled, too large, of another type, in another encoding, or from elsewhere: a clear
//! answer, and nothing that waits is lost by it.

mod asking;
mod coming_back;
mod socket;
mod window;

use crate::support::Browser;
use crate::support::identification::{CUSTOMER, Identifying, Waiting};

const START: &str = "/identification/start";
/// Text that is no text.
const ODD: [&str; 6] = ["%ff", "%c0%80", "%ed%a0%80", "%e2%82", "%00", "a%00b"];

/// What ties the window of a page to it.
fn token_of(waiting: &Waiting) -> &str {
    waiting.path.split("monitor=").nth(1).expect("a token")
}

/// Holds that the page still waits, and that its window leads to a proof.
async fn hold_nothing_is_lost(world: &Identifying, alice: &Browser, mut waiting: Waiting) {
    let told = world.outcome(&waiting.secret, &[]).await.json();
    assert_eq!(told["state"], "waiting", "{told}");
    let away = alice.go_away(&waiting).await;
    assert_eq!(world.returns(alice, &away, CUSTOMER).await.status, 200);
    assert_eq!(waiting.socket.next_json().await.expect("the outcome")["result"], "succeeded");
}
