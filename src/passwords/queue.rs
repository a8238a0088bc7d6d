//! Who is next: a bounded queue, fair between networks.

use std::collections::{HashMap, VecDeque};

use super::Lane;
use crate::limits::NetworkKey;

/// How many jobs of a line are served before the turn of the lines behind it. Each flood then
/// costs the lines before it a third of the pool at most, and no line starves.
const IN_A_ROW: u32 = 2;

/// Three lines: known devices, strangers, and strangers from networks that try suspiciously often.
/// In each, networks take turns.
///
/// It knows nothing of threads or time. What it drops, it drops as a value: a job that is dropped
/// answers for itself.
#[derive(Debug)]
pub(super) struct Queue<T> {
    lines: [Line<T>; 3],
    /// How many of each line were served since the turn of the lines behind it.
    in_a_row: [u32; 3],
}

impl<T> Queue<T> {
    /// `length` and `per_network` bound each of the lines.
    pub(super) fn new(length: usize, per_network: usize) -> Self {
        Self { lines: std::array::from_fn(|_| Line::new(length, per_network)), in_a_row: [0; 3] }
    }

    /// Puts a job at the end of its network's, or gives it back when there is no room.
    ///
    /// In a full line a network that holds less than another gets in, and the newest job of the
    /// one that holds most is dropped: many networks cannot fill the line against one more.
    pub(super) fn push(&mut self, lane: Lane, job: T) -> Result<(), T> {
        let place = match lane {
            Lane { known_device: true, .. } => 0,
            Lane { suspect: false, .. } => 1,
            Lane { suspect: true, .. } => 2,
        };
        let pushed = self.lines[place].push(lane.network, job);
        // A known device for which its own line has no room is a stranger at least.
        pushed.or_else(|job| match place {
            0 => self.lines[1].push(lane.network, job),
            _ => Err(job),
        })
    }

    /// Takes the next job.
    pub(super) fn pop(&mut self) -> Option<T> {
        self.pop_from(0)
    }

    /// Drops every job that is no longer of use.
    pub(super) fn drop_all(&mut self, useless: impl Fn(&T) -> bool) {
        self.lines.iter_mut().for_each(|line| line.drop_all(&useless));
    }

    /// Takes a job from this line or from those behind it.
    fn pop_from(&mut self, line: usize) -> Option<T> {
        if line == self.lines.len() {
            return None;
        }
        if self.in_a_row[line] < IN_A_ROW {
            self.pop_line(line).or_else(|| self.pop_behind(line))
        } else {
            self.pop_behind(line).or_else(|| self.pop_line(line))
        }
    }

    fn pop_line(&mut self, line: usize) -> Option<T> {
        let job = self.lines[line].pop()?;
        self.in_a_row[line] = self.in_a_row[line].saturating_add(1);
        Some(job)
    }

    fn pop_behind(&mut self, line: usize) -> Option<T> {
        let job = self.pop_from(line + 1)?;
        self.in_a_row[line] = 0;
        Some(job)
    }
}

#[derive(Debug)]
struct Line<T> {
    /// Never an empty one.
    jobs: HashMap<NetworkKey, VecDeque<T>>,
    /// The networks in `jobs`, the next first.
    turns: VecDeque<NetworkKey>,
    waiting: usize,
    length: usize,
    per_network: usize,
}

impl<T> Line<T> {
    fn new(length: usize, per_network: usize) -> Self {
        let (jobs, turns) = (HashMap::new(), VecDeque::new());
        Self { jobs, turns, waiting: 0, length: length.max(1), per_network: per_network.max(1) }
    }

    fn push(&mut self, network: NetworkKey, job: T) -> Result<(), T> {
        let held = self.jobs.get(&network).map_or(0, VecDeque::len);
        let room = self.waiting < self.length;
        if held >= self.per_network || !(room || self.drop_of_the_largest(held + 1)) {
            return Err(job);
        }
        self.jobs.entry(network).or_default().push_back(job);
        self.waiting += 1;
        if held == 0 {
            self.turns.push_back(network);
        }
        Ok(())
    }

    /// Drops the newest job of the network that holds most, if it holds more than `more_than`.
    fn drop_of_the_largest(&mut self, more_than: usize) -> bool {
        let largest = self.jobs.values_mut().max_by_key(|jobs| jobs.len());
        let Some(jobs) = largest.filter(|jobs| jobs.len() > more_than) else {
            return false;
        };
        jobs.pop_back();
        self.waiting -= 1;
        true
    }

    fn pop(&mut self) -> Option<T> {
        let network = self.turns.pop_front()?;
        let jobs = self.jobs.get_mut(&network)?;
        let job = jobs.pop_front()?;
        self.waiting -= 1;
        if jobs.is_empty() {
            self.jobs.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        Some(job)
    }

    fn drop_all(&mut self, useless: impl Fn(&T) -> bool) {
        self.jobs.retain(|_, jobs| {
            jobs.retain(|job| !useless(job));
            !jobs.is_empty()
        });
        self.turns.retain(|network| self.jobs.contains_key(network));
        self.waiting = self.jobs.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(network: u8) -> Lane {
        let network = NetworkKey::of([192, 0, 2, network].into());
        Lane { network, known_device: false, suspect: false }
    }

    fn known(network: u8) -> Lane {
        Lane { known_device: true, ..stranger(network) }
    }

    fn all(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn networks_take_turns() {
        let mut queue = Queue::new(10, 10);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(stranger(1), job), Ok(()));
        }
        assert_eq!(queue.push(stranger(2), "b1"), Ok(()));
        assert_eq!(queue.push(stranger(3), "c1"), Ok(()));
        assert_eq!(queue.pop(), Some("a1"));
        assert_eq!(queue.push(stranger(3), "c2"), Ok(()));
        assert_eq!(all(&mut queue), ["b1", "c1", "a2", "c2", "a3"]);
    }

    #[test]
    fn a_network_has_its_share_and_no_more() {
        let mut queue = Queue::new(10, 2);
        assert_eq!(queue.push(stranger(1), "a1"), Ok(()));
        assert_eq!(queue.push(stranger(1), "a2"), Ok(()));
        assert_eq!(queue.push(stranger(1), "a3"), Err("a3"));
        assert_eq!(queue.push(known(1), "A1"), Ok(()), "known devices have their own line");
        assert_eq!(queue.push(known(1), "A2"), Ok(()));
        assert_eq!(queue.push(known(1), "A3"), Err("A3"));
        assert_eq!(queue.push(stranger(2), "b1"), Ok(()));
        queue.pop();
        queue.pop();
        queue.pop();
        assert_eq!(queue.push(stranger(1), "a4"), Ok(()), "served, there is room again");
    }

    #[test]
    fn a_full_line_makes_room_for_those_who_hold_less() {
        let mut queue = Queue::new(4, 3);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(stranger(1), job), Ok(()));
        }
        assert_eq!(queue.push(stranger(2), "b1"), Ok(()));
        assert_eq!(queue.push(stranger(3), "c1"), Ok(()), "pushes out a3");
        assert_eq!(queue.push(stranger(4), "d1"), Ok(()), "pushes out a2");
        assert_eq!(queue.push(stranger(5), "e1"), Err("e1"), "all hold one now");
        assert_eq!(queue.push(stranger(1), "a4"), Err("a4"));
        assert_eq!(all(&mut queue), ["a1", "b1", "c1", "d1"]);
    }

    #[test]
    fn neither_known_devices_nor_strangers_starve() {
        let mut queue = Queue::new(10, 10);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(stranger(1), job), Ok(()));
        }
        for job in ["K1", "K2", "K3", "K4", "K5"] {
            assert_eq!(queue.push(known(1), job), Ok(()));
        }
        assert_eq!(all(&mut queue), ["K1", "K2", "a1", "K3", "K4", "a2", "K5", "a3"]);
        assert_eq!(queue.push(known(1), "K6"), Ok(()));
        assert_eq!(queue.push(known(1), "K7"), Ok(()));
        assert_eq!(queue.push(known(1), "K8"), Ok(()));
        assert_eq!(all(&mut queue), ["K6", "K7", "K8"], "nobody else waits");
        assert_eq!(queue.push(known(1), "K9"), Ok(()));
        assert_eq!(queue.push(stranger(1), "a4"), Ok(()));
        assert_eq!(all(&mut queue), ["a4", "K9"], "it is the stranger's turn");
    }

    #[test]
    fn suspects_wait_behind_other_strangers_and_do_not_starve() {
        let suspect = |network| Lane { suspect: true, ..stranger(network) };
        let mut queue = Queue::new(10, 10);
        for job in ["s1", "s2", "s3"] {
            assert_eq!(queue.push(suspect(1), job), Ok(()));
        }
        for job in ["a1", "a2", "a3", "a4"] {
            assert_eq!(queue.push(stranger(2), job), Ok(()));
        }
        assert_eq!(all(&mut queue), ["a1", "a2", "s1", "a3", "a4", "s2", "s3"]);
    }

    #[test]
    fn what_is_dropped_leaves_room_and_order() {
        let mut queue = Queue::new(3, 3);
        assert_eq!(queue.push(stranger(1), "gone"), Ok(()));
        assert_eq!(queue.push(stranger(2), "gone"), Ok(()));
        assert_eq!(queue.push(stranger(2), "b1"), Ok(()));
        queue.drop_all(|job| *job == "gone");
        assert_eq!(queue.push(stranger(1), "a1"), Ok(()));
        assert_eq!(queue.push(stranger(3), "c1"), Ok(()));
        assert_eq!(all(&mut queue), ["b1", "a1", "c1"]);
    }
}
