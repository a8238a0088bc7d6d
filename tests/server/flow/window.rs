//! `/flow/{id}`: the window.

use std::time::{Duration, Instant};

use rocket::tokio::time::sleep;
use vestibule::clock::MINUTE;
use vestibule::events::Event;
use vestibule::limits::Rate;

use super::{hold_asked, provider};
use crate::openid::Step;
use crate::support::{Answer, SPECS, Setup, TestServer, Waits, hash, nonce, plain};

fn numbers(page: &Answer) -> Vec<String> {
    let inputs = page.text.split("name=\"number\" value=\"").skip(1);
    inputs.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// A server whose windows wait for as long as a slow machine may take to begin a flow.
async fn patient() -> TestServer {
    let mut setup = Setup::new().await.with_openid();
    setup.config.socket_times.begin = Duration::from_mins(1);
    setup.start().await
}

#[rocket::async_test]
async fn the_window_says_who_asks_and_shows_six_numbers_which_stay_the_same() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let page = window.open_window(&waits).await;
    assert!(page.text.contains("Widget asks you to sign in"), "{}", page.text);
    assert!(page.text.contains("specs.example.localhost:8005"));
    let six = numbers(&page);
    assert_eq!(six.len(), 6);
    assert!(six.contains(&waits.number));
    assert_eq!(numbers(&server.browser().open_window(&waits).await), six);
    assert!(page.text.contains(&format!("data-flow=\"{}\"", waits.id)));
    let origins = page.text.split("data-origins=\"").nth(1).and_then(|r| r.split('"').next());
    assert_eq!(plain(origins.expect("the origins")), format!("[\"{SPECS}\"]"));
    assert_eq!(page.policy("connect-src"), Some("'self'"));
    assert_eq!(page.policy("form-action"), Some("'self'"));
}

#[rocket::async_test]
async fn looking_at_the_window_changes_nothing() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let before = server.database.every_row_but(&[]).await;
    for path in [waits.path(), super::done(&waits)] {
        for _ in 0..3 {
            let answer = window.navigate(&path).await;
            assert!(answer.set_cookies().is_empty());
        }
        window.look(&format!("{path}?answer=confirm&number={}", waits.number)).await;
    }
    window.confirm(&waits).await;
    let confirmed = server.database.every_row_but(&[]).await;
    assert_ne!(confirmed, before);
    window.open_window(&waits).await;
    assert_eq!(server.database.every_row_but(&[]).await, confirmed);
}

#[rocket::async_test]
async fn a_window_that_is_faster_than_its_page_waits_for_it() {
    let server = patient().await;
    let (secret, asked) = (nonce(), crate::support::Authorize::widget());
    let path = format!("/flow/{}", hash(&secret));
    let window = server.browser();
    let begin = async {
        while server.events.awaited() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        Answer::of(server.beginning(&secret, &asked).header("Origin", SPECS)).await
    };
    let (page, told) = rocket::tokio::join!(window.navigate(&path), begin);
    assert_eq!((page.status, told.status), (200, 201), "{}", page.text);
    assert_eq!(numbers(&page).len(), 6);
}

#[rocket::async_test]
async fn a_hint_of_nothing_ends_no_wait() {
    let server = patient().await;
    let (secret, asked) = (nonce(), crate::support::Authorize::widget());
    let path = format!("/flow/{}", hash(&secret));
    let window = server.browser();
    let begin = async {
        let until = async |is_so: &dyn Fn() -> bool| {
            while !is_so() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        until(&|| server.events.awaited() > 0).await;
        // As after a gap in what was heard of other nodes.
        for _ in 0..3 {
            let before = server.store.queries();
            server.events.hint(&Event::Flow(hash(&secret)));
            until(&|| server.store.queries() > before).await;
        }
        Answer::of(server.beginning(&secret, &asked).header("Origin", SPECS)).await
    };
    let (page, told) = rocket::tokio::join!(window.navigate(&path), begin);
    assert_eq!((page.status, told.status), (200, 201), "{}", page.text);
}

#[rocket::async_test]
async fn a_flow_that_never_begins_has_ended() {
    let mut setup = Setup::new().await.with_openid();
    setup.config.socket_times.begin = Duration::from_millis(50);
    let server = setup.start().await;
    let unknown = format!("/flow/{}", hash(&nonce()));
    let upper = format!("/flow/{}", "AB".repeat(32));
    for path in [unknown.as_str(), "/flow/x", "/flow/0123", &upper] {
        for page in [server.browser().navigate(path).await, server.browser().look(path).await] {
            assert_eq!(page.status, 404, "{path}");
            assert!(page.text.contains("This sign-in has ended"), "{}", page.text);
        }
        let posted = server.browser().post(path, &[("answer", "confirm"), ("number", "42")]).await;
        assert_eq!(posted.status, 404, "{path}");
        let end = server.browser().get(&format!("{path}/done")).await;
        assert!(end.status == 200 && end.text.contains("You can close this window"));
    }
}

#[rocket::async_test]
async fn windows_of_no_flow_soon_wait_no_more_on_their_network() {
    const WAIT: Duration = Duration::from_secs(2);
    let mut setup = Setup::new().await.with_openid();
    setup.config.socket_times.begin = WAIT;
    setup.config.limits.flow_waits = Rate::new(1, 3_600_000);
    let server = setup.start().await;
    let has_waited = async || {
        let begun = Instant::now();
        let page = server.browser().navigate(&format!("/flow/{}", hash(&nonce()))).await;
        assert_eq!(page.status, 404);
        begun.elapsed() >= WAIT
    };
    let (secret, asked) = (nonce(), crate::support::Authorize::widget());
    let path = format!("/flow/{}", hash(&secret));
    let begin = async {
        while server.events.awaited() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        Answer::of(server.beginning(&secret, &asked).header("Origin", SPECS)).await
    };
    let window = server.browser();
    let (page, _) = rocket::tokio::join!(window.navigate(&path), begin);
    assert_eq!(page.status, 200, "a wait that was worth it does not count");
    assert!(has_waited().await);
    assert!(!has_waited().await);
    assert_eq!(window.navigate(&path).await.status, 200, "a flow that is there is shown");
}

#[rocket::async_test]
async fn an_answer_of_another_form_is_no_answer() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let number = waits.number.as_str();
    for fields in [
        vec![],
        vec![("number", number)],
        vec![("answer", "yes"), ("number", number)],
        vec![("answer", "confirm"), ("number", "7")],
        vec![("answer", "confirm"), ("number", "100")],
        vec![("answer", "confirm"), ("number", "+4")],
        vec![("answer", "confirm"), ("number", " 42")],
        vec![("answer", "confirm"), ("number", number), ("number", number)],
        vec![("answer", "confirm"), ("answer", "cancel"), ("number", number)],
    ] {
        let answer = window.post(&waits.path(), &fields).await;
        assert_eq!(answer.status, 400, "{fields:?}");
        assert!(answer.is_html());
    }
    hold_asked(&server, &waits, &window.open_window(&waits).await).await;
}

#[rocket::async_test]
async fn who_forgot_to_pick_a_number_is_asked_again() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let page = window.answer_window(&waits, "confirm", "").await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("Pick the number"), "{}", page.text);
    assert_eq!(numbers(&page).len(), 6);
    assert_eq!(Step::of(&window.confirm(&waits).await).path, "/oauth/authorize");
}

#[rocket::async_test]
async fn a_form_of_another_site_is_refused() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let fields = [("answer", "confirm"), ("number", waits.number.as_str())];
    for headers in [
        [("Origin", SPECS), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", crate::support::WIKI), ("Sec-Fetch-Site", "same-site")],
    ] {
        let answer = window.post_with(&waits.path(), &fields, &headers).await;
        assert_eq!(answer.status, 403);
    }
    hold_asked(&server, &waits, &window.open_window(&waits).await).await;
}

#[rocket::async_test]
async fn the_window_is_not_shown_in_a_frame() {
    let server = provider().await;
    let waits: Waits = server.begun().await;
    for path in [waits.path(), super::done(&waits)] {
        let request = server.browser().request(reqwest::Method::GET, &path);
        let answer = Answer::of(request.header("Sec-Fetch-Dest", "iframe")).await;
        assert_eq!(answer.status, 403);
        assert!(!answer.text.contains("Widget"));
    }
}

#[rocket::async_test]
async fn a_window_that_comes_too_late_says_so() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let onward = Step::of(&window.confirm(&waits).await).whole;
    server.clock.advance(15 * MINUTE);
    for answer in [window.get(&onward).await, window.confirm(&waits).await] {
        // Nobody is signed in, and the sign-in page would lead to the same end.
        let step = Step::of(&answer).path;
        assert!([waits.path().as_str(), "/signin"].contains(&step.as_str()), "{step}");
    }
    assert!(window.open_window(&waits).await.text.contains("This sign-in has ended"));
    assert_eq!(server.error_of(&waits).await, "expired_token");
}
