//! What becomes of the proofs of who somebody is.

use super::table::Table;

/// Five years: as long as a merchant may have to show whom an invoice was written to.
const KEEP_DAYS: u32 = 1_825;
/// A century is for ever.
const MOST_DAYS: u32 = 36_525;

/// How identifications are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identification {
    /// For how many days.
    pub keep_days: u32,
    /// What happens when one identity at a provider turns up on a second account.
    pub conflict: Conflict,
}

/// What happens when one identity at a provider turns up on a second account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// It stays where it is, and the second account gets none.
    #[default]
    Refuse,
    /// It goes to the second account, and the first one loses it.
    Move,
}

impl Default for Identification {
    fn default() -> Self {
        Self { keep_days: KEEP_DAYS, conflict: Conflict::default() }
    }
}

pub(super) fn read(mut table: Table<'_>) -> Identification {
    let conflict = |text: &str| {
        super::settings::choice(text, [("refuse", Conflict::Refuse), ("move", Conflict::Move)])
    };
    let identification = Identification {
        keep_days: table.number("keep_days", 1..=MOST_DAYS).unwrap_or(KEEP_DAYS),
        conflict: table.parsed("conflict", conflict).unwrap_or_default(),
    };
    table.finish();
    identification
}
