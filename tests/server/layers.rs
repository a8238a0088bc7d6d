//! Who may import whom.

use std::path::{Path, PathBuf};

/// A source file: its path below `src/`, and its code without comments.
struct Source {
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).expect("text");
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let path = file.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
        Source { path, code: text.lines().filter(is_code).collect::<Vec<_>>().join("\n") }
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }

    /// Whether the code names a crate: `rocket::…`, `use rocket;`, `#[rocket::…`.
    fn names(&self, name: &str) -> bool {
        let starts_there = |at: usize| {
            let before = self.code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
        };
        let path = format!("{name}::");
        let mut mentions = self.code.match_indices(&path).map(|(at, _)| at);
        mentions.any(starts_there) || self.code.contains(&format!("use {name};"))
    }

    /// The modules of the crate that the code imports.
    fn imports(&self) -> Vec<&str> {
        let paths = self.code.split("crate::").skip(1);
        let modules =
            paths.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
        modules.flatten().collect()
    }
}

#[test]
fn sql_is_spoken_in_the_store_only() {
    let sources = sources();
    let speakers: Vec<_> = sources.iter().filter(|source| source.names("sqlx")).collect();
    for source in &speakers {
        // The sites of the demo and the sessions of relying parties have databases of their own.
        let may = source.is_in(&["store/", "relying/sqlx_store.rs", "demo/"]);
        assert!(may, "{} uses sqlx", source.path);
    }
    assert!(speakers.iter().any(|source| source.is_in(&["store/"])));
}

#[test]
fn http_is_unknown_below_the_web() {
    let below = [
        "domain/",
        "store/",
        "events/",
        "keys/",
        "passwords/",
        "limits/",
        "stomp/",
        "upstream/",
        "clock.rs",
        "random.rs",
    ];
    for source in sources().iter().filter(|source| source.is_in(&below)) {
        for name in ["rocket", "rocket_dyn_templates", "rocket_ws", "tera", "reqwest"] {
            assert!(!source.names(name), "{} uses {name}", source.path);
        }
    }
}

#[test]
fn the_configuration_knows_no_more_of_rocket_than_how_it_is_configured() {
    for source in sources().iter().filter(|source| source.is_in(&["config/"])) {
        let mut rest = source.code.split("rocket::").skip(1);
        let may = |rest: &str| rest.starts_with("figment") || rest.starts_with("Config");
        assert!(rest.all(may), "{}", source.path);
    }
}

#[test]
fn each_layer_imports_the_ones_below_it_only() {
    let layers: [(&str, &[&str]); 14] = [
        ("stomp/", &["stomp"]),
        ("domain/", &["domain", "clock", "random"]),
        ("limits/", &["limits", "clock"]),
        ("passwords/", &["passwords", "limits", "clock", "random"]),
        ("store/", &["store", "domain", "clock", "random"]),
        ("keys/", &["keys", "store", "domain", "clock"]),
        ("config/", &["config", "domain", "limits", "passwords"]),
        ("outgoing/", &["outgoing"]),
        ("check.rs", &["domain", "outgoing"]),
        ("upstream/", &["upstream", "outgoing", "domain", "clock", "random"]),
        ("events/", &["events", "store", "random"]),
        (
            "jobs/",
            &["jobs", "events", "store", "keys", "outgoing", "domain", "limits", "clock", "random"],
        ),
        // Relying parties use accounts over HTTP like anybody.
        ("relying/", &["relying", "domain", "clock", "random"]),
        (
            "cli/",
            &[
                "cli",
                "check",
                "config",
                "outgoing",
                "store",
                "keys",
                "domain",
                "passwords",
                "limits",
                "clock",
                "demo",
                "launch",
            ],
        ),
    ];
    let sources = sources();
    for (place, below) in layers {
        let mut seen = 0;
        for source in sources.iter().filter(|source| source.is_in(&[place])) {
            for module in source.imports() {
                assert!(below.contains(&module), "{} imports {module}", source.path);
            }
            seen += 1;
        }
        assert!(seen > 0, "{place} is there");
    }
}

#[test]
fn nothing_imports_the_web() {
    for source in sources() {
        if source.is_in(&["web/", "lib.rs", "demo/server.rs"]) {
            continue;
        }
        assert!(!source.imports().contains(&"web"), "{} imports web", source.path);
        let by_another_name = ["super::web", "vestibule::web", "{web", ", web::", " web::"];
        for name in by_another_name {
            assert!(!source.code.contains(name), "{} has {name}", source.path);
        }
    }
}

#[test]
fn nothing_in_the_source_panics_without_a_reason() {
    for source in sources() {
        for call in
            [".unwrap()", ".unwrap_err()", ".expect(\"\")", "todo!(", "unimplemented!(", "dbg!("]
        {
            assert!(!source.code.contains(call), "{} has {call}", source.path);
        }
    }
}

#[test]
fn time_and_randomness_come_from_one_place_each() {
    for source in sources() {
        let asks_the_clock =
            source.code.contains("SystemTime::now") || source.code.contains("now_utc(");
        assert!(!asks_the_clock || source.is_in(&["clock.rs"]), "{} asks the time", source.path);
        assert!(!source.names("getrandom") || source.is_in(&["random.rs"]), "{}", source.path);
    }
}
