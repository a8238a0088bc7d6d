//! `vestibule key list`.

use serde_json::{Value, json};

use crate::cli::report::{Failure, Report, count, day, instant, table};
use crate::keys::Standing;
use crate::store::Store;
use crate::store::keys::KeyRow;

pub(super) const ABOUT: &str = "\
Lists the signing keys; all of them are published at /oauth/jwks. Of each algorithm one key signs. \
One that is next is published ahead, so that every site knows it in time; one that is over stays \
published for 31 days, so that what it signed is still recognised.";

pub(super) const EXAMPLES: &str = "Examples:\n  vestibule key list\n  vestibule key list --json";

/// What is said where there is no key.
pub(super) const NONE: &str =
    "There are no signing keys yet; `vestibule serve` makes them when it starts.";

pub(super) async fn run(store: &Store, now: i64) -> Result<Report, Failure> {
    let rows = store.signing_keys().await?;
    let standings = Standing::of_all(&rows, now);
    let keys = || rows.iter().zip(&standings);
    let json = Value::Array(keys().map(|(row, standing)| json(row, *standing)).collect());
    if rows.is_empty() {
        return Ok(Report::new(NONE, json));
    }
    let lines: Vec<[String; 4]> = keys().map(|(row, standing)| line(row, *standing)).collect();
    let headings = ["ALGORITHM", "KEY", "MADE", "STATE"];
    let total = count(rows.len(), "key");
    Ok(Report::new(format!("{}\n\n{total}", table(headings, &lines)), json))
}

fn line(row: &KeyRow, standing: Standing) -> [String; 4] {
    let state = match standing {
        Standing::Next => format!("signs from {}", instant(row.signs_from)),
        Standing::Signs => "signs".to_owned(),
        Standing::Over { until } => format!("over, published until {}", instant(until)),
    };
    [row.alg.clone(), row.kid.clone(), day(row.created_at), state]
}

fn json(row: &KeyRow, standing: Standing) -> Value {
    let (state, until) = match standing {
        Standing::Next => ("next", None),
        Standing::Signs => ("signs", None),
        Standing::Over { until } => ("over", Some(instant(until))),
    };
    json!({
        "kid": row.kid,
        "algorithm": row.alg,
        "state": state,
        "created_at": instant(row.created_at),
        "signs_from": instant(row.signs_from),
        "published_until": until,
    })
}
