//! What is written about the keys is what is read.

use super::*;
use crate::domain::client::KEYS;

const PAGE: &str = include_str!("../../../README.md");
const SAMPLE: &str = include_str!("../../../Rocket.toml");

/// The rows of the table that stands after a heading, as cells.
fn rows(after: &str) -> Vec<Vec<&'static str>> {
    let part = PAGE.split_once(after).expect("the heading is there").1;
    let lines = part.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|c| c.trim().trim_matches('`')).collect())
        .collect()
}

#[test]
fn every_key_in_the_table_is_read_under_its_variable() {
    let rows = rows("# Configuration");
    assert_eq!(rows.len(), 18);
    for row in rows {
        let (key, variable) = (row[0], row[4]);
        assert_eq!(variable, source::variable_name(key));
        // Nothing good begins like this, so a key that is read is refused for its value.
        let found = problems("", &[(variable, "{x = 1}")]);
        assert!(found.contains(key.rsplit('.').next().unwrap_or(key)) || found.contains(variable));
        assert!(
            !found.contains(&format!("`{variable}` in the environment is not a known")),
            "{found}"
        );
    }
}

#[test]
fn every_key_of_a_client_is_in_the_table() {
    let written: Vec<&str> = rows("## Clients").iter().map(|row| row[0]).collect();
    assert!(KEYS.iter().all(|key| written.contains(key)), "{written:?}");
    assert_eq!(written.len(), KEYS.len() + 2, "and the two ways to write a secret");
}

#[test]
fn every_key_of_a_provider_is_in_the_table_and_is_read() {
    let written: Vec<&str> = rows("### Providers").iter().map(|row| row[0]).collect();
    let found = load_file("[[default.vestibule.providers]]\nid = \"bank\"\nx = 1", &[]);
    assert!(found.expect_err("wrong").to_string().contains("`x` of the provider `bank`"));
    for key in &written {
        // Nothing good begins like this, so a key that is read is refused for its value.
        let content = format!("[[default.vestibule.providers]]\n{key} = [{{ x = 1 }}]");
        let found = load_file(&content, &[]).expect_err("wrong").to_string();
        assert!(found.contains(&format!("`{key}`")) && !found.contains("not a known"), "{found}");
    }
    assert_eq!(written.len(), super::providers::KEYS);
}

#[test]
fn the_file_in_the_repository_is_good_also_without_its_comment_marks() {
    load_file(SAMPLE, &[]).expect("good");
    let (comment, keys) = SAMPLE.split_once("# [default.vestibule]").expect("the example");
    let keys: Vec<&str> = keys.lines().map(|line| line.trim_start_matches("# ")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    private(folder.path(), "wiki.secret", "0123456789abcdef".repeat(4).as_bytes());
    private(folder.path(), "bank.secret", b"hunter2");
    let content = format!("{comment}[default.vestibule]{}", keys.join("\n").replace("\n#\n", "\n"));
    let file = folder.path().join("Rocket.toml");
    fs::write(&file, content).expect("a file");
    let settings = load_from(&file, &[]).expect("good");
    assert!(settings.issuer.is_some() && settings.clients.len() == 1);
    assert_eq!(settings.providers.len(), 1);
}
