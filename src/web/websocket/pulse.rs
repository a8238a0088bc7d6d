//! When to let oneself be heard, and when the other side is gone. One timer is enough for all of
//! it: the next thing that is due, looked at again after each message.

use std::time::Duration;
use tokio::time::Instant;

use crate::config::SocketTimes;
use crate::stomp::{Agreed, HeartBeat};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// `CONNECT` should have succeeded by now.
    Connect,
    /// A heart-beat of ours.
    Beat,
    /// A ping.
    Ping,
    /// The other side has been silent for too long.
    Silence,
    /// The other side should have closed by now.
    Farewell,
}

/// The times of one socket.
#[derive(Clone, Debug)]
pub struct Pulse {
    times: SocketTimes,
    phase: Phase,
    /// When something last came.
    heard: Instant,
    /// When something last went.
    said: Instant,
    /// A ping that nothing has come after.
    pinged: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Before `CONNECT`, since then.
    Opening(Instant),
    Open(Agreed),
    /// After `DISCONNECT`, since then.
    Leaving(Instant),
}

impl Pulse {
    /// A socket that was opened now.
    #[must_use]
    pub fn new(times: SocketTimes, now: Instant) -> Self {
        Self { times, phase: Phase::Opening(now), heard: now, said: now, pinged: None }
    }

    /// What we offer.
    #[must_use]
    pub fn offer(&self) -> HeartBeat {
        let milliseconds = u32::try_from(self.times.heart_beat.as_millis()).unwrap_or(u32::MAX);
        HeartBeat { sends: milliseconds, wants: milliseconds }
    }

    /// `CONNECT` has succeeded. A client that would be heard less often than we ping is pinged.
    pub fn connected(&mut self, theirs: HeartBeat) {
        let mut agreed = self.offer().agree(theirs);
        agreed.incoming = agreed.incoming.filter(|every| *every <= self.times.ping);
        self.phase = Phase::Open(agreed);
    }

    /// `DISCONNECT` has come.
    pub fn leaving(&mut self, now: Instant) {
        self.phase = Phase::Leaving(now);
    }

    /// Something has come.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// Something went that the other side's STOMP sees; a ping is not.
    pub fn said(&mut self, now: Instant) {
        self.said = now;
    }

    /// A ping went.
    pub fn pinged(&mut self, now: Instant) {
        self.pinged = Some(now);
    }

    /// What is due next, and when.
    #[must_use]
    pub fn next(&self) -> (Instant, Due) {
        match self.phase {
            Phase::Opening(since) => (since + self.times.connect, Due::Connect),
            Phase::Leaving(since) => (since + self.times.farewell, Due::Farewell),
            Phase::Open(agreed) => {
                let theirs = self.theirs(agreed.incoming);
                let ours = agreed.outgoing.map(|every| (self.said + every, Due::Beat));
                ours.into_iter()
                    .fold(theirs, |first, other| if other.0 < first.0 { other } else { first })
            }
        }
    }

    fn theirs(&self, every: Option<Duration>) -> (Instant, Due) {
        match (every, self.pinged) {
            (Some(every), _) => (self.heard + 2 * every, Due::Silence),
            (None, Some(pinged)) => (pinged + self.times.silence, Due::Silence),
            (None, None) => (self.heard + self.times.ping, Due::Ping),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A socket that was opened at the first instant and connected at once.
    fn connected(heart_beat: &str) -> (Pulse, Instant) {
        let now = Instant::now();
        let mut pulse = Pulse::new(SocketTimes::default(), now);
        pulse.connected(HeartBeat::parse(heart_beat).expect("a heart-beat"));
        (pulse, now)
    }

    #[test]
    fn connect_must_come_within_five_seconds_whatever_else_comes() {
        let start = Instant::now();
        let mut pulse = Pulse::new(SocketTimes::default(), start);
        pulse.heard(start + seconds(4));
        pulse.said(start + seconds(4));
        assert_eq!(pulse.next(), (start + seconds(5), Due::Connect));
        assert_eq!(pulse.offer().text(), "10000,10000");
    }

    #[test]
    fn a_client_without_heart_beats_is_pinged_and_given_up() {
        let (mut pulse, start) = connected("0,0");
        assert_eq!(pulse.next(), (start + seconds(30), Due::Ping));
        pulse.heard(start + seconds(20));
        assert_eq!(pulse.next(), (start + seconds(50), Due::Ping));
        pulse.pinged(start + seconds(50));
        assert_eq!(pulse.next(), (start + seconds(80), Due::Silence));
        pulse.heard(start + seconds(79));
        assert_eq!(pulse.next(), (start + seconds(109), Due::Ping));
    }

    #[test]
    fn a_client_that_promised_heart_beats_is_given_up_when_it_misses_two() {
        let (mut pulse, start) = connected("15000,0");
        assert_eq!(pulse.next(), (start + seconds(30), Due::Silence));
        pulse.heard(start + seconds(15));
        assert_eq!(pulse.next(), (start + seconds(45), Due::Silence));
        let (slow, start) = connected("3600000,0");
        assert_eq!(slow.next(), (start + seconds(30), Due::Ping));
    }

    #[test]
    fn we_are_heard_as_often_as_was_agreed() {
        let (mut pulse, start) = connected("0,12000");
        assert_eq!(pulse.next(), (start + seconds(12), Due::Beat));
        pulse.said(start + seconds(5));
        assert_eq!(pulse.next(), (start + seconds(17), Due::Beat));
        pulse.said(start + seconds(29));
        assert_eq!(pulse.next(), (start + seconds(30), Due::Ping));
        // A ping is no heart-beat.
        pulse.pinged(start + seconds(30));
        assert_eq!(pulse.next(), (start + seconds(41), Due::Beat));
    }

    #[test]
    fn a_client_that_took_its_leave_must_close() {
        let (mut pulse, start) = connected("10000,10000");
        pulse.leaving(start + seconds(1));
        assert_eq!(pulse.next(), (start + seconds(6), Due::Farewell));
    }
}
