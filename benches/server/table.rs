//! The table that is printed.

use std::time::Instant;

use super::plan::Plan;

/// Prints a row as soon as it is known.
pub struct Table {
    began: Instant,
    missed: u32,
    skipped: u32,
}

/// What a number should be.
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn is_met(&self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= *least,
            Self::AtMost(most) => measured <= *most,
        }
    }

    fn verdict(&self, measured: f64) -> String {
        let verdict = if self.is_met(measured) { "ok" } else { "missed" };
        match self {
            Self::AtLeast(least) => format!(">= {least} {verdict}"),
            Self::AtMost(most) => format!("<= {most} {verdict}"),
        }
    }
}

impl Table {
    pub fn new(plan: &Plan) -> Self {
        let [few, many] = plan.sessions;
        println!(
            "One core, SQLite; sessions, and access tokens, in the database: {few} (small), {many} \
             (large).\n"
        );
        println!("| {:<54} | {:>14} | {:<15} | beside it |", "what", "measured", "target");
        println!("|{:-<56}|{:->16}|{:-<17}|-----------|", "", ":", "");
        Self { began: Instant::now(), missed: 0, skipped: 0 }
    }

    /// A row: what was measured and in which unit, what it should be, and whatever else is worth
    /// knowing.
    pub fn row(&mut self, what: &str, measured: f64, unit: &str, target: &Target, beside: &str) {
        self.missed += u32::from(!target.is_met(measured));
        let measured_in = if measured < 10.0 {
            format!("{measured:.2}{unit}")
        } else {
            format!("{measured:.0}{unit}")
        };
        let verdict = target.verdict(measured);
        println!("| {what:<54} | {measured_in:>14} | {verdict:<15} | {beside} |");
    }

    /// A row that cannot be measured here. It is no success.
    pub fn skip(&mut self, what: &str, why: &str) {
        self.skipped += 1;
        println!("| {what:<54} | {:>14} | {:<15} | {why} |", "", "skipped");
    }

    pub fn end(&self) {
        let Self { missed, skipped, .. } = self;
        let seconds = self.began.elapsed().as_secs();
        println!("\n{missed} missed, {skipped} skipped, {seconds} s");
    }
}
