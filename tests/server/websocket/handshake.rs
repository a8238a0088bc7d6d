//! Which requests become a socket.

use crate::support::{Answer, NOTES, TestServer, http};

const GOOD: [(&str, &str); 6] = [
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "v12.stomp"),
    ("Origin", NOTES),
];

async fn ask(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let request = http().get(format!("{}/websocket", server.url));
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(request).await
}

/// The good handshake with one header written otherwise, or left out.
async fn with(server: &TestServer, name: &str, values: &[&str]) -> Answer {
    let mut headers: Vec<_> = GOOD.into_iter().filter(|(other, _)| *other != name).collect();
    headers.extend(values.iter().map(|value| (name, *value)));
    ask(server, &headers).await
}

#[rocket::async_test]
async fn what_is_no_websocket_is_told_to_be_one() {
    let server = TestServer::new().await;
    let mut answers = vec![ask(&server, &[]).await];
    for (name, values) in [
        ("Connection", &["keep-alive"][..]),
        ("Upgrade", &[]),
        ("Upgrade", &["h2c"]),
        ("Sec-WebSocket-Version", &["8"]),
        ("Sec-WebSocket-Version", &[]),
        ("Sec-WebSocket-Key", &[]),
    ] {
        answers.push(with(&server, name, values).await);
    }
    for answer in answers {
        answer.assert_error(426, "invalid_request");
        assert_eq!(answer.header("Sec-WebSocket-Version"), "13");
        assert_eq!(answer.header("Upgrade"), "websocket");
    }
}

#[rocket::async_test]
async fn another_protocol_is_not_spoken() {
    let server = TestServer::new().await;
    for offer in [&[][..], &[""], &["v11.stomp, v10.stomp"], &["V12.STOMP"], &["xv12.stomp"]] {
        with(&server, "Sec-WebSocket-Protocol", offer).await.assert_error(400, "invalid_request");
    }
}

#[rocket::async_test]
async fn a_socket_comes_from_a_page_of_one_site() {
    let server = TestServer::new().await;
    for origins in [
        &[][..],
        &["null"],
        &[""],
        &["http://notes.example.org"],
        &["https://notes.example.org/"],
        &[NOTES, NOTES],
        &[NOTES, "https://notes.example.org"],
    ] {
        with(&server, "Origin", origins).await.assert_error(403, "access_denied");
    }
}

#[rocket::async_test]
async fn a_frame_is_no_socket() {
    let server = TestServer::new().await;
    for dest in ["iframe", "frame", "embed", "object"] {
        with(&server, "Sec-Fetch-Dest", &[dest]).await.assert_error(403, "access_denied");
    }
}

#[rocket::async_test]
async fn a_doubled_device_cookie_is_refused() {
    let server = TestServer::new().await;
    let answer = with(&server, "Cookie", &["__Host-device=a; __Host-device=b"]).await;
    answer.assert_error(400, "invalid_request");
}
