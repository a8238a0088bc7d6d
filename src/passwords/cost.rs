//! What a hash costs.

use argon2::Params;
use serde::Deserialize;

/// The parameters of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cost {
    /// Memory in KiB (`m`).
    pub memory_kib: u32,
    /// Passes over it (`t`).
    pub iterations: u32,
    /// Lanes (`p`). They are computed one after the other, so more of them gain nothing here.
    pub parallelism: u32,
}

impl Default for Cost {
    /// Meets OWASP's password storage cheat sheet and ASVS 5, appendix C.
    fn default() -> Self {
        Self { memory_kib: 47_104, iterations: 1, parallelism: 1 }
    }
}

/// Memory in KiB and passes: OWASP calls these rows equally strong; ASVS 5 has the same.
const SAFE: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

impl Cost {
    /// Whether it is at least one of the rows OWASP and ASVS 5 ask for, and can be computed. Less
    /// is for tests.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        let enough = |(m, t): &(u32, u32)| self.memory_kib >= *m && self.iterations >= *t;
        SAFE.iter().any(enough) && self.params(32).is_some()
    }

    /// For argon2; `None` when there is no such Argon2 or it is beyond all bounds.
    pub(super) fn params(self, output: usize) -> Option<Params> {
        let bounded = self.memory_kib <= MOST.memory_kib
            && self.iterations <= MOST.iterations
            && self.parallelism <= MOST.parallelism;
        let params =
            || Params::new(self.memory_kib, self.iterations, self.parallelism, Some(output));
        bounded.then(params)?.ok()
    }
}

/// The most that is computed, whatever the configuration or a stored hash asks for.
const MOST: Cost = Cost { memory_kib: 256 * 1024, iterations: 32, parallelism: 16 };

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(memory_kib: u32, iterations: u32, parallelism: u32) -> Cost {
        Cost { memory_kib, iterations, parallelism }
    }

    #[test]
    fn every_row_of_owasp_is_safe_and_less_is_not() {
        assert!(Cost::default().is_safe());
        for (m, t) in SAFE {
            assert!(cost(m, t, 1).is_safe());
            assert!(cost(m + 1, t + 1, 4).is_safe());
            assert!(!cost(m - 1, t, 1).is_safe());
            assert!(!cost(m, t - 1, 1).is_safe());
            assert!(!cost(m, t, 0).is_safe());
        }
    }

    #[test]
    fn what_cannot_be_computed_is_not_safe() {
        assert!(!cost(u32::MAX, 1, 1).is_safe());
        assert!(!cost(47_104, u32::MAX, 1).is_safe());
        assert!(!cost(47_104, 1, u32::MAX).is_safe());
    }
}
