//! What is taken as a frame, and which frames are refused.

use tokio_tungstenite::tungstenite::Message;
use vestibule::stomp::{Command, Frame};

use super::asked;
use crate::support::waiting_page::{
    AUTHORIZATION, PAGE, REGISTRATION, connect, registration, subscribe,
};

#[rocket::async_test]
async fn frames_come_in_any_portions() {
    let (server, _, operation) = asked().await;
    let mut page = server.socket().await;
    let octets = connect(PAGE, &operation.wait_secret).encode();
    for portion in octets.chunks(7) {
        page.write(Message::Binary(portion.to_vec())).await;
    }
    assert_eq!(page.frame().await.command, Command::Connected);
    page.write(Message::Text("\n\r\n".into())).await;
    let several = [
        subscribe("sub-0", REGISTRATION).encode(),
        b"\n".to_vec(),
        registration("/app/registration", &operation.web_socket_id).encode(),
    ];
    let text = String::from_utf8(several.concat()).expect("text");
    page.write(Message::Text(text.replace('\n', "\r\n"))).await;
    assert_eq!(page.message(REGISTRATION).await["registrationSucceeded"], true);
}

#[rocket::async_test]
async fn a_receipt_is_given_for_every_frame_that_asks_for_one() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    for frame in [
        subscribe("a", AUTHORIZATION),
        registration("/app/registration", &operation.web_socket_id),
        Frame::new(Command::Unsubscribe).with("id", "a"),
        Frame::new(Command::Disconnect),
    ] {
        page.send(&frame.with("receipt", "r:1")).await;
        let receipt = page.frame().await;
        assert_eq!(receipt.command, Command::Receipt);
        assert_eq!(receipt.header("receipt-id"), Some("r:1"));
    }
    page.close(None).await;
}

#[rocket::async_test]
async fn a_refusal_names_the_receipt_that_was_asked_for() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    page.send(&subscribe("a", "/topic/other").with("receipt", "r-1")).await;
    let error = page.frame().await;
    assert_eq!(error.command, Command::Error);
    assert_eq!(error.header("receipt-id"), Some("r-1"));
    assert_eq!(page.end().await, (None, Some(1002)));
}

#[rocket::async_test]
async fn frames_that_are_not_taken_are_refused() {
    let (server, _, operation) = asked().await;
    let send = |body: &str| {
        Frame::new(Command::Send).with("destination", "/app/registration").with_body(body)
    };
    let id = &operation.web_socket_id;
    for frame in [
        connect(PAGE, &operation.wait_secret),
        subscribe("a", "/topic/authorization"),
        Frame::new(Command::Subscribe).with("id", "a"),
        Frame::new(Command::Subscribe).with("destination", AUTHORIZATION),
        subscribe("a", AUTHORIZATION).with("ack", "client"),
        subscribe("a", AUTHORIZATION).with("ack", "client-individual"),
        Frame::new(Command::Unsubscribe).with("id", "a"),
        Frame::new(Command::Unsubscribe),
        registration("/user/topic/authorization", id),
        registration("/app/registration/", id),
        registration("/app/registration", id).with("transaction", "t"),
        send(""),
        send("{}"),
        send("[]"),
        send("[\"a\"]"),
        send("\"a\""),
        send("{\"webSocketId\":1}"),
        send(&format!("{{\"webSocketId\":\"{}\"}}", "a".repeat(129))),
        send("{\"webSocketId\":\"a\""),
        Frame::new(Command::Begin).with("transaction", "t"),
        Frame::new(Command::Commit).with("transaction", "t"),
        Frame::new(Command::Abort).with("transaction", "t"),
        Frame::new(Command::Ack).with("id", "1"),
        Frame::new(Command::Nack).with("id", "1"),
        Frame::new(Command::Connected),
        Frame::new(Command::Message),
        Frame::new(Command::Receipt),
        Frame::new(Command::Error),
    ] {
        let mut page = server.connected(&operation).await;
        page.send(&frame).await;
        page.assert_refused(1002).await;
    }
}

#[rocket::async_test]
async fn what_is_no_frame_is_refused() {
    let (server, _, operation) = asked().await;
    for text in ["HELLO\n\n\0", "SEND\na\n\n\0", "SEND\na:\\t\n\n\0", "ACK\n\nbody\0", "\0"] {
        let mut page = server.connected(&operation).await;
        page.write(Message::Text(text.into())).await;
        page.assert_refused(1002).await;
    }
    let mut page = server.connected(&operation).await;
    page.write(Message::Binary(b"SEND\na:\xff\n\n\0".to_vec())).await;
    page.assert_refused(1002).await;
}

#[rocket::async_test]
async fn a_client_of_another_version_is_told_which_one_is_spoken() {
    let (server, _, operation) = asked().await;
    for versions in [None, Some("1.0"), Some("1.1,1.0"), Some("1.20"), Some("")] {
        let mut page = server.socket().await;
        let frame = Frame::new(Command::Connect)
            .with("login", PAGE)
            .with("passcode", &operation.wait_secret);
        page.send(&versions.into_iter().fold(frame, |f, v| f.with("accept-version", v))).await;
        let error = page.frame().await;
        assert_eq!(error.header("version"), Some("1.2"));
        assert_eq!(page.end().await, (None, Some(1002)));
    }
    let mut page = server.socket().await;
    page.send(&connect(PAGE, &operation.wait_secret)).await;
    page.frame().await;
    let mut page = server.socket().await;
    let odd = Frame::new(Command::Connect).with("heart-beat", "soon");
    page.send(&odd.with("accept-version", "1.2")).await;
    page.assert_refused(1002).await;
}
