//! Where configuration comes from: the file that Rocket reads, then `VESTIBULE_…` variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rocket::figment::providers::{Env, Format, Serialized, Toml};
use rocket::figment::value::{Dict, Map, Tag, Value};
use rocket::figment::{Error, Figment, Metadata, Profile, Provider};

use super::ConfigError;
use super::table::nearest;

/// The table of the configuration file that is ours.
pub(super) const TABLE: &str = "vestibule";
const PREFIX: &str = "VESTIBULE_";
/// Keys that Rocket and its template engine know, beside those of `rocket::Config`.
const MORE_OF_ROCKET: [&str; 2] = ["template_dir", TABLE];

/// Where a value was written.
pub(super) enum Place {
    File(PathBuf),
    Variable(String),
    Code,
}

pub(super) fn place(figment: &Figment, tag: Tag) -> Place {
    let Some(metadata) = figment.get_metadata(tag) else {
        return Place::Code;
    };
    match metadata.source.as_ref() {
        Some(source) if source.custom().is_some() => Place::Variable(metadata.name.to_string()),
        Some(source) => source.file_path().map_or(Place::Code, |p| Place::File(shorter(p))),
        None => Place::Code,
    }
}

/// A path below the working directory is shown and used without it.
fn shorter(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// `brand.name` is `VESTIBULE_BRAND__NAME`.
pub(super) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// All sources merged, the profile selected as Rocket does it.
pub(super) fn figment(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Figment, ConfigError> {
    let missing = |file: &Path| format!("There is no configuration file {}.", file.display());
    let mut figment = match file {
        Some(file) if !file.is_file() => return Err(missing(file).into()),
        Some(file) => figment_of(file),
        None => rocket::Config::figment(),
    };
    let found = figment.metadata().any(|m| m.source.as_ref().is_some_and(is_file));
    if let (Some(named), false) = (Env::var("ROCKET_CONFIG"), found) {
        return Err(missing(Path::new(&named)).into());
    }
    for variable in variables_of(variables)? {
        figment = figment.merge(variable);
    }
    Ok(without_address_header(figment))
}

fn is_file(source: &rocket::figment::Source) -> bool {
    source.file_path().is_some()
}

/// As `rocket::Config::figment`, with another file.
fn figment_of(file: &Path) -> Figment {
    Figment::from(rocket::Config::default())
        .merge(Toml::file_exact(file).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .select(Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE))
}

/// Rocket believes `X-Real-IP` from anybody; here `proxies` decides who is believed.
pub(super) fn without_address_header(figment: Figment) -> Figment {
    figment.merge(Serialized::global("ip_header", false))
}

/// One `VESTIBULE_…` variable, with its own name as its place.
struct Variable {
    name: String,
    value: String,
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::from(self.name.clone(), "environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let key = self.name.trim_start_matches(PREFIX).to_lowercase();
        let path = format!("{TABLE}.{}", key.replace("__", "."));
        let nested = rocket::figment::util::nest(&path, value_of(&self.value));
        Ok(Profile::Global.collect(nested.into_dict().unwrap_or_default()))
    }
}

/// Lists, tables and quoted texts are parsed; anything else is the text as it stands.
fn value_of(text: &str) -> Value {
    let structured = text.trim_start().starts_with(['[', '{', '"']);
    if !structured {
        return Value::from(text);
    }
    let Ok(value) = text.parse();
    value
}

fn variables_of(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Variable>, ConfigError> {
    let mut ours = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        let value = value.into_string().map_err(|_| format!("`{name}` is not UTF-8."))?;
        ours.push(Variable { name: name.to_owned(), value });
    }
    ours.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ours)
}

/// What is wrong in the configuration file outside of our table: a key that Rocket would ignore
/// in silence, or our table at a place where it means nothing.
pub(super) fn problems_outside(figment: &Figment) -> Vec<String> {
    let mut problems = Vec::new();
    if figment.profiles().any(|profile| profile == TABLE) {
        problems.push(format!("Write [default.{TABLE}] instead of [{TABLE}]."));
    }
    let known: Vec<&str> =
        rocket::Config::PARAMETERS.iter().copied().chain(MORE_OF_ROCKET).collect();
    let top = figment.find_value("").ok().and_then(Value::into_dict).unwrap_or_default();
    for (key, value) in top.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        if let Place::File(file) = place(figment, value.tag()) {
            let (file, nearest) = (file.display(), nearest(key, &known));
            let what = "is not a known key; the nearest one is";
            problems.push(format!("`{key}` in {file} {what} `{nearest}`."));
        }
    }
    problems
}
