//! What a key is there for at a moment.

use super::AFTERGLOW;
use crate::store::keys::KeyRow;

/// What a key is there for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is published so that it is known when it begins to sign.
    Next,
    /// It signs.
    Signs,
    /// It signs no more, and what it signed is still recognised.
    Over {
        /// From when on it may be deleted.
        until: i64,
    },
}

impl Standing {
    /// That of every key, where those of an algorithm come in the order in which they sign.
    #[must_use]
    pub fn of_all(rows: &[KeyRow], now: i64) -> Vec<Self> {
        let others = |at: usize| {
            let same = move |row: &&KeyRow| row.alg == rows[at].alg;
            (rows[..at].iter().filter(same), rows[at + 1..].iter().filter(same))
        };
        let of = |at: usize| {
            let (mut earlier, mut later) = others(at);
            match later.next() {
                Some(next) if next.signs_from <= now => {
                    Self::Over { until: next.signs_from + AFTERGLOW }
                }
                // The first one signs before its time too: the clock of the node that made it may
                // be ahead.
                _ if rows[at].signs_from <= now || earlier.next().is_none() => Self::Signs,
                _ => Self::Next,
            }
        };
        (0..rows.len()).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(alg: &str, signs_from: i64) -> KeyRow {
        let (kid, public_key, sealed) = (String::new(), String::new(), String::new());
        KeyRow { kid, alg: alg.into(), public_key, sealed, created_at: 0, signs_from }
    }

    #[test]
    fn exactly_one_key_of_an_algorithm_signs() {
        use Standing::{Next, Over, Signs};
        let rows = [row("ES256", 10), row("ES256", 20), row("ES256", 30), row("RS256", 25)];
        let over = |since: i64| Over { until: since + AFTERGLOW };
        for (now, expected) in [
            (5, [Signs, Next, Next, Signs]),
            (10, [Signs, Next, Next, Signs]),
            (20, [over(20), Signs, Next, Signs]),
            (29, [over(20), Signs, Next, Signs]),
            (30, [over(20), over(30), Signs, Signs]),
        ] {
            assert_eq!(Standing::of_all(&rows, now), expected, "{now}");
        }
    }
}
