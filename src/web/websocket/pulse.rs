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
    /// Another look at the operation: the last one failed.
    Look,
    /// The operation is over, and what there was to say has been said.
    Over,
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
    look_at: Option<Instant>,
    until: Option<Instant>,
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
        Self {
            times,
            phase: Phase::Opening(now),
            heard: now,
            said: now,
            pinged: None,
            look_at: None,
            until: None,
        }
    }

    /// What we offer.
    #[must_use]
    pub fn offer(&self) -> HeartBeat {
        let milliseconds = u32::try_from(self.times.heart_beat.as_millis()).unwrap_or(u32::MAX);
        HeartBeat { sends: milliseconds, wants: milliseconds }
    }

    /// `CONNECT` has succeeded, for an operation that may take so long. A client that would be
    /// heard less often than we ping is pinged.
    pub fn connected(&mut self, theirs: HeartBeat, lasts: Duration, now: Instant) {
        self.until = Some(now + lasts + self.times.ended);
        let mut agreed = self.offer().agree(theirs);
        agreed.incoming = agreed.incoming.filter(|every| *every <= self.times.ping);
        self.phase = Phase::Open(agreed);
    }

    /// `DISCONNECT` has come.
    pub fn leaving(&mut self, now: Instant) {
        self.phase = Phase::Leaving(now);
    }

    /// The page knows how the operation ended.
    pub fn told(&mut self, now: Instant) {
        let until = now + self.times.ended;
        self.until = Some(self.until.map_or(until, |other| other.min(until)));
    }

    /// A look at the operation failed; true when it is the first in a row.
    pub fn look_failed(&mut self, now: Instant) -> bool {
        self.look_at.replace(now + self.times.look_again).is_none()
    }

    /// A look at the operation succeeded.
    pub fn looked(&mut self) {
        self.look_at = None;
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
                let others = [
                    agreed.outgoing.map(|every| (self.said + every, Due::Beat)),
                    self.look_at.map(|at| (at, Due::Look)),
                    self.until.map(|at| (at, Due::Over)),
                ];
                let earlier = |first: (Instant, Due), other: (Instant, Due)| {
                    if other.0 < first.0 { other } else { first }
                };
                others.into_iter().flatten().fold(self.theirs(agreed.incoming), earlier)
            }
        }
    }

    /// A promised heart-beat that does not come costs nobody the connection: browsers slow the
    /// timers of hidden pages down. A ping they answer by themselves.
    fn theirs(&self, every: Option<Duration>) -> (Instant, Due) {
        match self.pinged {
            Some(pinged) => (pinged + self.times.silence, Due::Silence),
            None => (self.heard + every.map_or(self.times.ping, |every| 2 * every), Due::Ping),
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
        pulse.connected(HeartBeat::parse(heart_beat).expect("a heart-beat"), seconds(3_600), now);
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
    fn a_client_that_misses_two_heart_beats_is_pinged_before_it_is_given_up() {
        let (mut pulse, start) = connected("12000,0");
        assert_eq!(pulse.next(), (start + seconds(24), Due::Ping));
        pulse.heard(start + seconds(12));
        assert_eq!(pulse.next(), (start + seconds(36), Due::Ping));
        pulse.pinged(start + seconds(36));
        assert_eq!(pulse.next(), (start + seconds(66), Due::Silence));
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
    fn a_socket_ends_a_minute_after_its_operation() {
        let (mut pulse, start) = connected("0,0");
        pulse.heard(start + seconds(3_650));
        assert_eq!(pulse.next(), (start + seconds(3_660), Due::Over));
        pulse.told(start + seconds(3_500));
        assert_eq!(pulse.next(), (start + seconds(3_560), Due::Over));
        pulse.told(start + seconds(3_555));
        assert_eq!(pulse.next(), (start + seconds(3_560), Due::Over));
    }

    #[test]
    fn a_look_that_failed_is_tried_again_after_a_second() {
        let (mut pulse, start) = connected("0,0");
        assert!(pulse.look_failed(start + seconds(1)));
        assert_eq!(pulse.next(), (start + seconds(2), Due::Look));
        assert!(!pulse.look_failed(start + seconds(2)));
        assert_eq!(pulse.next(), (start + seconds(3), Due::Look));
        pulse.looked();
        assert_eq!(pulse.next(), (start + seconds(30), Due::Ping));
    }

    #[test]
    fn a_client_that_took_its_leave_must_close() {
        let (mut pulse, start) = connected("10000,10000");
        pulse.leaving(start + seconds(1));
        assert_eq!(pulse.next(), (start + seconds(6), Due::Farewell));
    }
}
