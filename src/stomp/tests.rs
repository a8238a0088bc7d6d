use proptest::prelude::*;

use super::{
    Agreed, Command, Decoder, Frame, HeartBeat, LONGEST_HEADER, MOST_HEADERS, MOST_OCTETS, Refusal,
};
use std::time::Duration;

/// All frames in these octets, and what ended them if something did.
fn read(portions: &[&[u8]]) -> (Vec<Frame>, Option<Refusal>) {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for portion in portions {
        let mut input = *portion;
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(refusal) => {
                    assert_eq!(decoder.decode(&mut &b"\n"[..]), Err(refusal), "for good");
                    return (frames, Some(refusal));
                }
            }
        }
        assert!(input.is_empty());
    }
    (frames, None)
}

/// The octets that a line of the vector file stands for.
fn octets(written: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('<') {
        octets.extend_from_slice(before.as_bytes());
        let (name, after) = after.split_once('>').expect("a closing bracket");
        match name {
            "LF" => octets.push(b'\n'),
            "CR" => octets.push(b'\r'),
            "NUL" => octets.push(0),
            hex => octets.extend(hex::decode(hex).expect("an octet in hex")),
        }
        rest = after;
    }
    octets.extend_from_slice(rest.as_bytes());
    octets
}

/// A frame in the words of the vector file.
fn shown(frame: &Frame) -> String {
    let mut shown = frame.command.name().to_owned();
    for (name, value) in &frame.headers {
        shown.extend([" [", &name.escape_debug().to_string(), "="]);
        shown.extend([&value.escape_debug().to_string(), "]"]);
    }
    if !frame.body.is_empty() {
        shown.extend([" {", &frame.body.escape_ascii().to_string(), "}"]);
    }
    shown
}

#[test]
fn frames_are_read_as_the_vectors_say() {
    let vectors = include_str!("../../tests/vectors/stomp-frames.txt");
    let lines = vectors.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len() % 2, 0);
    for pair in lines.chunks(2) {
        let (frames, refusal) = read(&[&octets(pair[0])]);
        let mut said: Vec<String> = frames.iter().map(shown).collect();
        said.extend(refusal.map(|refusal| format!("refused {refusal:?}")));
        let said = if said.is_empty() { "nothing".to_owned() } else { said.join(" | ") };
        assert_eq!(format!("= {said}"), pair[1], "{}", pair[0]);
    }
}

/// `SEND` with a body of so many octets, with or without its length.
fn send(total: usize, counted: bool) -> Vec<u8> {
    let head = if counted { "SEND\ncontent-length:0000\n\n" } else { "SEND\n\n" };
    let body = total - head.len() - 1;
    let head = head.replace("0000", &format!("{body:04}"));
    [head.as_bytes(), &vec![b'a'; body], b"\0"].concat()
}

#[test]
fn a_frame_is_refused_at_its_first_octet_too_many() {
    for counted in [false, true] {
        let (frames, refusal) = read(&[&send(MOST_OCTETS, counted)]);
        assert_eq!((frames.len(), refusal), (1, None));
        assert_eq!(read(&[&send(MOST_OCTETS + 1, counted)]).1, Some(Refusal::FrameTooLarge));
    }
    // What is announced is refused before it comes.
    for length in ["8192", "4294967296", "99999999999999999999999999"] {
        let head = format!("SEND\ncontent-length:{length}\n\n");
        assert_eq!(read(&[head.as_bytes()]).1, Some(Refusal::FrameTooLarge), "{length}");
    }
}

#[test]
fn a_header_line_is_refused_at_its_first_octet_too_many() {
    for end in ["\n", "\r\n"] {
        let line = |length: usize| format!("SEND\n{}:b{end}", "a".repeat(length - 2));
        assert_eq!(read(&[line(LONGEST_HEADER).as_bytes()]).1, None);
        let longer = line(LONGEST_HEADER + 1);
        assert_eq!(read(&[longer.as_bytes()]).1, Some(Refusal::HeaderTooLong));
    }
    let endless = format!("SEND\n{}", "a".repeat(LONGEST_HEADER + 1));
    assert_eq!(read(&[endless.as_bytes()]).1, Some(Refusal::HeaderTooLong));
    assert_eq!(read(&[b"UNSUBSCRIBED"]).1, Some(Refusal::UnknownCommand), "before its end");
}

#[test]
fn a_frame_is_refused_at_its_first_header_too_many() {
    let frame = |headers: usize| format!("SEND\n{}\n\0", "a:b\n".repeat(headers));
    assert_eq!(read(&[frame(MOST_HEADERS).as_bytes()]).0.len(), 1);
    let more = frame(MOST_HEADERS + 1);
    assert_eq!(read(&[more.as_bytes()]).1, Some(Refusal::TooManyHeaders));
}

#[test]
fn the_first_of_a_repeated_header_counts() {
    let (frames, _) = read(&[b"SEND\nfoo:1\nfoo:2\n\n\0"]);
    assert_eq!(frames[0].header("foo"), Some("1"));
    assert_eq!(frames[0].header("Foo"), None);
}

#[test]
fn a_frame_shows_no_header_when_it_is_printed() {
    let frame = Frame::new(Command::Connect).with("passcode", "0123");
    assert_eq!(format!("{frame:?}"), "Frame(CONNECT)");
}

#[test]
fn frames_of_the_server_are_written_as_clients_read_them() {
    let text = |frame: Frame| String::from_utf8(frame.encode()).expect("text");
    assert_eq!(
        text(Frame::connected("abc", "10000,10000")),
        "CONNECTED\nversion:1.2\nheart-beat:10000,10000\nserver:vestibule\nsession:abc\n\n\0"
    );
    assert_eq!(
        text(Frame::message("/user/topic/authorization", "sub-0", "1", "{}".into())),
        "MESSAGE\ndestination:/user/topic/authorization\nsubscription:sub-0\nmessage-id:1\n\
         content-type:application/json\ncontent-length:2\n\n{}\0"
    );
    assert_eq!(text(Frame::receipt("a:b\\\n")), "RECEIPT\nreceipt-id:a\\cb\\\\\\n\n\n\0");
    assert_eq!(text(Frame::error("no")), "ERROR\nmessage:no\n\n\0");
}

#[test]
fn heart_beats_are_as_slow_as_the_slower_side() {
    let ours = HeartBeat { sends: 10_000, wants: 10_000 };
    let agreed = |theirs| {
        let Agreed { outgoing, incoming } =
            ours.agree(HeartBeat::parse(theirs).expect("a heart-beat"));
        (outgoing.as_ref().map(Duration::as_millis), incoming.as_ref().map(Duration::as_millis))
    };
    assert_eq!(agreed("0,0"), (None, None));
    assert_eq!(agreed("4000,5000"), (Some(10_000), Some(10_000)));
    assert_eq!(agreed("60000,0"), (None, Some(60_000)));
    assert_eq!(agreed("0,20000"), (Some(20_000), None));
    for bad in ["", "1", "1,", ",1", "1,2,3", "-1,0", "1.5,0", " 1,0", "a,b", "+1,0"] {
        assert_eq!(HeartBeat::parse(bad), None, "{bad}");
    }
    let huge = HeartBeat::parse("99999999999,1").expect("a heart-beat");
    assert_eq!(huge.sends, u32::MAX);
    assert_eq!(ours.text(), "10000,10000");
}

fn any_command() -> impl Strategy<Value = Command> {
    let names = [
        "CONNECT",
        "STOMP",
        "SEND",
        "SUBSCRIBE",
        "ACK",
        "DISCONNECT",
        "CONNECTED",
        "MESSAGE",
        "RECEIPT",
        "ERROR",
    ];
    prop::sample::select(names.to_vec())
        .prop_map(|name| Command::parse(name.as_bytes()).expect("a command"))
}

/// Any frame that can be written.
fn any_frame() -> impl Strategy<Value = Frame> {
    let headers = prop::collection::vec(("[^\0]{1,12}", "[^\0]{0,40}"), 0..8);
    let body = prop::collection::vec(any::<u8>(), 0..60);
    (any_command(), headers, body).prop_map(|(command, headers, body)| {
        let mut frame = Frame::new(command);
        for (mut name, mut value) in headers {
            if command.is_unescaped() {
                name.retain(|c| !"\r\n:".contains(c));
                value.retain(|c| !"\r\n".contains(c));
            }
            if !name.is_empty() && name != "content-length" {
                frame = frame.with(name, value);
            }
        }
        if command.may_have_body() { frame.with_body(body) } else { frame }
    })
}

/// Octets that look like frames more often than random ones do.
fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    let parts = [
        "SEND",
        "CONNECT",
        "ACK",
        "\n",
        "\r\n",
        "\n\n",
        "\0",
        "\\",
        ":",
        "content-length:3",
        "a:b",
        "\\c",
        "\r",
        "\u{e9}",
    ];
    let part = prop_oneof![
        prop::sample::select(parts.to_vec()).prop_map(|part| part.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_panics(octets in any_octets()) {
        let _ = read(&[&octets]);
    }

    #[test]
    fn what_is_written_is_read_as_the_same(frames in prop::collection::vec(any_frame(), 1..4)) {
        let octets: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
        prop_assert_eq!(read(&[&octets]), (frames, None));
    }

    #[test]
    fn a_split_anywhere_changes_nothing(octets in any_octets(), at in any::<prop::sample::Index>()) {
        let at = if octets.is_empty() { 0 } else { at.index(octets.len()) };
        let (before, after) = octets.split_at(at);
        prop_assert_eq!(read(&[before, after]), read(&[&octets]));
        let each: Vec<&[u8]> = octets.chunks(1).collect();
        prop_assert_eq!(read(&each), read(&[&octets]));
    }

    #[test]
    fn a_split_frame_is_the_same_frame(frame in any_frame(), at in any::<prop::sample::Index>()) {
        let octets = frame.encode();
        let (before, after) = octets.split_at(at.index(octets.len()));
        prop_assert_eq!(read(&[before, b"", after]), (vec![frame], None));
    }
}
