//! What must not be forgotten for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How much is remembered. Only what the accounts server signed gets in.
const MOST: usize = 10_000;

/// Texts, each until an instant; when there are too many, the one that would go first goes.
#[derive(Default)]
pub(in crate::relying) struct Remembered(Mutex<HashMap<String, i64>>);

impl Remembered {
    /// Remembers a text until an instant. False when it was remembered already.
    pub(in crate::relying) fn add(&self, text: &str, until: i64, now: i64) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(text).is_some_and(|&until| until > now) {
            return false;
        }
        if known.len() >= MOST {
            known.retain(|_, until| *until > now);
        }
        if known.len() >= MOST {
            let first = known.iter().min_by_key(|(_, until)| **until).map(|(text, _)| text.clone());
            first.and_then(|text| known.remove(&text));
        }
        known.insert(text.to_owned(), until);
        true
    }

    /// Whether it is still remembered.
    pub(in crate::relying) fn has(&self, text: &str, now: i64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(text).is_some_and(|&until| until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_new_once_until_its_end() {
        let known = Remembered::default();
        assert!(known.add("a", 10, 0));
        assert!(!known.add("a", 20, 9) && known.has("a", 9));
        assert!(!known.has("a", 10) && known.add("a", 20, 10));
        assert!(!known.has("b", 0));
    }

    #[test]
    fn what_would_go_first_makes_place() {
        let known = Remembered::default();
        for n in 0..i64::try_from(MOST).expect("few") {
            assert!(known.add(&n.to_string(), 100 + n, 0));
        }
        assert!(known.add("one more", 50_000, 0));
        assert!(!known.has("0", 0) && known.has("1", 0) && known.has("one more", 0));
        assert!(known.add("later", 50_000, 40_000), "what is over goes first");
        assert_eq!(known.0.lock().expect("sound").len(), 2);
    }
}
