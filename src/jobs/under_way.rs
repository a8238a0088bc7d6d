//! How many deliveries are under way, and to whom: one slow client takes no more than its share,
//! and others go on meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::logouts::Delivery;

/// Deliveries at the same time, in all. Of one client there are as many as are taken together.
const MOST: usize = 64;

/// What is under way from this process. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct UnderWay(Arc<Mutex<HashMap<String, usize>>>);

/// A client that is being called; no other batch calls it before this is dropped.
pub(super) struct Place {
    under_way: UnderWay,
    client_id: String,
}

impl UnderWay {
    /// What of these may be begun: nothing of a client that is being called, and not too many.
    pub(super) fn begin(&self, due: Vec<Delivery>) -> (Vec<Delivery>, Vec<Place>) {
        let mut calls = self.calls();
        let room = MOST.saturating_sub(calls.values().sum());
        let is_free = |one: &Delivery| !calls.contains_key(&one.client_id);
        let chosen: Vec<_> = due.into_iter().filter(is_free).take(room).collect();
        let mut places = Vec::new();
        for one in &chosen {
            let count = calls.entry(one.client_id.clone()).or_insert(0);
            if *count == 0 {
                let (under_way, client_id) = (self.clone(), one.client_id.clone());
                places.push(Place { under_way, client_id });
            }
            *count += 1;
        }
        (chosen, places)
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whose it is.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.under_way.calls().remove(&self.client_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(client_id: &str, count: usize) -> Vec<Delivery> {
        let one = Delivery {
            id: String::new(),
            client_id: client_id.to_owned(),
            account_uid: String::new(),
            sid: String::new(),
            created_at: 0,
            tries: 0,
            next_try_at: 0,
        };
        vec![one; count]
    }

    #[test]
    fn a_client_that_is_being_called_is_left_alone() {
        let under_way = UnderWay::default();
        let (first, places) = under_way.begin([due("a", 2), due("b", 1)].concat());
        assert_eq!((first.len(), places.len()), (3, 2));
        let (second, more) = under_way.begin([due("a", 1), due("c", 1)].concat());
        assert_eq!((second.len(), more.len(), more[0].client_id()), (1, 1, "c"));
        drop(places);
        assert_eq!(under_way.begin(due("a", 1)).0.len(), 1);
    }

    #[test]
    fn there_are_never_too_many() {
        let under_way = UnderWay::default();
        let many: Vec<_> = (0..20).flat_map(|n| due(&n.to_string(), 4)).collect();
        let (first, places) = under_way.begin(many.clone());
        assert_eq!((first.len(), places.len()), (MOST, 16));
        assert_eq!(under_way.begin(many.clone()).0.len(), 0);
        drop(places);
        assert_eq!(under_way.begin(many).0.len(), MOST);
    }
}
