use proptest::prelude::*;

use super::{AUTHORIZATION, Parting, REGISTER, REGISTRATION, Session, Step};
use crate::stomp::{Command, Frame};

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn connect() -> Frame {
    Frame::new(Command::Connect)
        .with("accept-version", "1.2")
        .with("login", "page-0123456789abcdef")
        .with("passcode", SECRET)
}

fn subscribe(id: &str, topic: &str) -> Frame {
    Frame::new(Command::Subscribe).with("id", id).with("destination", topic)
}

fn register(id: &str) -> Frame {
    let body = format!("{{\"webSocketId\":\"{id}\"}}");
    Frame::new(Command::Send).with("destination", REGISTER).with_body(body)
}

fn opened() -> Session {
    let mut session = Session::default();
    assert!(matches!(session.receive(&connect()).as_deref(), Ok([Step::Connect(_)])));
    session.open("ours".into());
    session
}

/// The bodies of messages.
fn bodies(frames: &[Frame]) -> Vec<String> {
    frames.iter().map(|frame| String::from_utf8_lossy(frame.body()).into_owned()).collect()
}

#[test]
fn a_result_needs_the_registration_and_the_subscription_whichever_comes_last() {
    let told = [r#"{"webSocketId":"ours","authResult":"CONFIRMED"}"#];
    let mut session = opened();
    session.receive(&subscribe("a", AUTHORIZATION)).expect("a subscription");
    assert!(session.saw(Some("CONFIRMED")).is_empty());
    assert!(session.registered(true).is_empty(), "nobody listens for that");
    assert_eq!(bodies(&session.saw(Some("CONFIRMED"))), told);
    assert!(session.saw(Some("CONFIRMED")).is_empty(), "once");

    let mut session = opened();
    session.registered(true);
    assert!(session.saw(Some("CONFIRMED")).is_empty());
    let steps = session.receive(&subscribe("a", AUTHORIZATION)).expect("a subscription");
    assert!(
        matches!(&steps[..], [Step::Send(frame)] if bodies(std::slice::from_ref(frame)) == told)
    );
}

#[test]
fn a_registration_is_asked_for_once_and_only_for_the_secret_s_own_id() {
    let mut session = opened();
    session.receive(&subscribe("a", REGISTRATION)).expect("a subscription");
    assert!(matches!(session.receive(&register("other")).as_deref(), Ok([Step::Send(_)])));
    assert_eq!(session.receive(&register("ours")), Ok(vec![Step::Register]));
    assert!(!session.is_registered());
    session.registered(false);
    assert_eq!(session.receive(&register("ours")), Ok(vec![Step::Register]));
    session.registered(true);
    assert!(matches!(session.receive(&register("ours")).as_deref(), Ok([Step::Send(_)])));
}

#[test]
fn what_a_page_s_going_means() {
    let mut session = opened();
    let partings = |session: &Session| {
        [Some(1000), Some(1001), None, Some(1006), Some(1002), Some(4000)]
            .map(|code| session.parting(code))
    };
    let [closed, left, gone] = [Parting::Closed, Parting::Left, Parting::Gone];
    assert_eq!(partings(&session), [closed, left, left, gone, gone, gone]);
    session.receive(&Frame::new(Command::Disconnect)).expect("a farewell");
    assert_eq!(partings(&session), [closed, left, closed, gone, gone, gone]);
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let frames = [
        connect(),
        subscribe("a", REGISTRATION),
        subscribe("b", AUTHORIZATION),
        subscribe("c", "/elsewhere"),
        register("ours"),
        register("other"),
        Frame::new(Command::Unsubscribe).with("id", "a"),
        Frame::new(Command::Disconnect),
        Frame::new(Command::Ack).with("id", "1"),
    ];
    (prop::sample::select(frames.to_vec()), prop::option::of("[a-z]{1,3}")).prop_map(
        |(frame, receipt)| match receipt {
            Some(receipt) => frame.with("receipt", receipt),
            None => frame,
        },
    )
}

proptest! {
    /// Whatever comes in whatever order: no result without a registration, and a receipt for
    /// each frame that asks for one.
    #[test]
    fn no_order_of_frames_opens_anything(frames in prop::collection::vec(any_frame(), 0..20)) {
        let mut session = Session::default();
        for frame in frames {
            let receipt = frame.header("receipt");
            let steps = match session.receive(&frame) {
                Ok(steps) => steps,
                Err(fault) => {
                    prop_assert_eq!(fault.receipt.as_deref(), receipt);
                    break;
                }
            };
            let is_receipt = |step: &Step| matches!(step, Step::Send(sent)
                if sent.command == Command::Receipt && sent.header("receipt-id") == receipt);
            let asks = receipt.is_some() && frame.command != Command::Connect;
            prop_assert_eq!(steps.iter().filter(|step| is_receipt(step)).count(), usize::from(asks));
            for step in &steps {
                if let Step::Send(sent) = step {
                    prop_assert_ne!(sent.header("destination"), Some(AUTHORIZATION));
                }
                if matches!(step, Step::Connect(_)) {
                    session.open("ours".into());
                }
            }
            prop_assert!(session.saw(Some("CONFIRMED")).is_empty());
        }
    }
}
