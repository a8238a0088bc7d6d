//! Reading a table key by key. What is asked for is what is known: a key that nobody asked for is
//! a problem that names the nearest one. All problems are collected, each with its place.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use rocket::figment::Figment;
use rocket::figment::value::{Dict, Tag, Value};

use super::source::{Place, place, variable_name};

/// One reading of a configuration: where values came from, and what was wrong with them.
pub(super) struct Reading<'f> {
    figment: &'f Figment,
    problems: RefCell<Vec<String>>,
}

impl<'f> Reading<'f> {
    pub(super) fn of(figment: &'f Figment) -> Self {
        Self { figment, problems: RefCell::default() }
    }

    pub(super) fn problem(&self, sentence: String) {
        self.problems.borrow_mut().push(sentence);
    }

    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems.into_inner()
    }

    /// The table at the root of the configuration.
    pub(super) fn root(&self, dict: Dict) -> Table<'_> {
        Table {
            reading: self,
            dict,
            asked: Vec::new(),
            prefix: String::new(),
            owner: String::new(),
        }
    }
}

/// A table that is being read.
pub(super) struct Table<'r> {
    reading: &'r Reading<'r>,
    dict: Dict,
    asked: Vec<&'static str>,
    /// `brand.` for the keys of a table named `brand`.
    prefix: String,
    /// Whose keys these are, in a list of tables.
    owner: String,
}

impl<'r> Table<'r> {
    /// Says whose keys these are in everything that is reported from now on.
    pub(super) fn belongs_to(&mut self, owner: String) {
        self.owner = owner;
    }

    /// Whether a key is written, without reading it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.dict.contains_key(key)
    }

    /// Reports a problem of the table as a whole, or of how its keys go together.
    pub(super) fn problem(&self, what: impl Display) {
        let owner = self.owner.trim_start_matches(" of ");
        self.reading.problem(format!("In {owner}: {what}."));
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.parsed(key, |text| Ok::<_, String>(text.to_owned()))
    }

    /// A text that something else is made of.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let Some(text) = value.as_str() else {
            return self.refuse(
                key,
                &value,
                format!("write a text in quotes, not {}", kind(&value)),
            );
        };
        parse(text).map_or_else(|error| self.refuse(key, &value, error.to_string()), Some)
    }

    /// A list of texts that something else is made of.
    pub(super) fn list<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let value = self.take(key)?;
        let texts: Option<Vec<&str>> =
            value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
        let Some(texts) = texts else {
            let example = r#"write a list of texts, such as ["one", "two"]"#;
            return self.refuse(key, &value, format!("{example}, not {}", kind(&value)));
        };
        let parsed = texts.into_iter().map(|text| parse(text).map_err(|error| error.to_string()));
        parsed.collect::<Result<_, _>>().map_or_else(|error| self.refuse(key, &value, error), Some)
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let written = value.to_bool().or_else(|| self.variable_text(&value)?.parse().ok());
        written.or_else(|| {
            self.refuse(key, &value, format!("write true or false, not {}", kind(&value)))
        })
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.take(key)?;
        let written = match &value {
            Value::Num(_, number) => {
                let signed = number.to_i128().and_then(|number| u32::try_from(number).ok());
                signed.or_else(|| number.to_u128().and_then(|number| u32::try_from(number).ok()))
            }
            _ => self.variable_text(&value).and_then(|text| text.parse().ok()),
        };
        written.filter(|number| range.contains(number)).or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.refuse(key, &value, format!("write a whole number from {low} to {high}"))
        })
    }

    /// A file, relative to the configuration file that names it.
    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let tag = self.dict.get(key).map(Value::tag);
        let path = PathBuf::from(self.text(key)?);
        match tag.map(|tag| place(self.reading.figment, tag)) {
            Some(Place::File(file)) => {
                Some(file.parent().map_or_else(|| path.clone(), |folder| folder.join(&path)))
            }
            _ => Some(path),
        }
    }

    /// What `read` makes of a file named by a key.
    pub(super) fn file<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&std::path::Path) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.dict.get(key).cloned();
        let path = self.path(key)?;
        read(&path).map_or_else(|error| self.refuse(key, &value?, error), Some)
    }

    /// A table inside this one; an empty one when it is not written.
    pub(super) fn table(&mut self, key: &'static str) -> Table<'r> {
        let value = self.take(key);
        let dict = value.and_then(|value| match value {
            Value::Dict(_, dict) => Some(dict),
            other => self.refuse(key, &other, format!("write a table, not {}", kind(&other))),
        });
        let prefix = format!("{}{key}.", self.prefix);
        let dict = dict.unwrap_or_default();
        Table { reading: self.reading, dict, asked: Vec::new(), prefix, owner: String::new() }
    }

    /// A list of tables.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Table<'r>> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let items = value.as_array().map(|items| items.iter().map(|item| item.as_dict().cloned()));
        let Some(dicts) = items.and_then(Iterator::collect::<Option<Vec<Dict>>>) else {
            let what = format!("write a list of tables, each under [[default.vestibule.{key}]]");
            self.refuse::<()>(key, &value, what);
            return Vec::new();
        };
        let table = |dict| Table {
            reading: self.reading,
            dict,
            asked: Vec::new(),
            prefix: String::new(),
            owner: String::new(),
        };
        dicts.into_iter().map(table).collect()
    }

    /// Reports every key that nobody asked for, with the nearest one that is known.
    pub(super) fn finish(self) {
        for (key, value) in &self.dict {
            let subject = self.subject(key, value.tag());
            let nearest = nearest(key, &self.asked);
            let nearest = match place(self.reading.figment, value.tag()) {
                Place::Variable(name) if name == self.variable(key) => self.variable(nearest),
                _ => format!("{}{nearest}", self.prefix),
            };
            let what = format!("{subject} is not a known key; the nearest one is `{nearest}`.");
            self.reading.problem(what);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.dict.remove(key)
    }

    fn refuse<T>(&self, key: &str, value: &Value, what: String) -> Option<T> {
        self.reading.problem(format!("{}: {what}.", self.subject(key, value.tag())));
        None
    }

    /// The text of a variable, from which numbers and flags are made.
    fn variable_text<'v>(&self, value: &'v Value) -> Option<&'v str> {
        let from_variable = matches!(place(self.reading.figment, value.tag()), Place::Variable(_));
        from_variable.then(|| value.as_str()).flatten()
    }

    fn subject(&self, key: &str, tag: Tag) -> String {
        let (prefix, owner) = (&self.prefix, &self.owner);
        match place(self.reading.figment, tag) {
            Place::Variable(name) if name == self.variable(key) => {
                format!("`{name}` in the environment")
            }
            Place::Variable(name) => format!("`{prefix}{key}`{owner} in `{name}`"),
            Place::File(file) => format!("`{prefix}{key}`{owner} in {}", file.display()),
            Place::Code => format!("`{prefix}{key}`{owner}"),
        }
    }

    fn variable(&self, key: &str) -> String {
        variable_name(&format!("{}{key}", self.prefix))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "a text",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "a number",
        Value::Dict(..) => "a table",
        Value::Array(..) => "a list",
        Value::Empty(..) => "nothing",
    }
}

/// The known key that looks most like what was written.
pub(super) fn nearest<'k>(written: &str, known: &[&'k str]) -> &'k str {
    let likeness = |key: &str| strsim::normalized_damerau_levenshtein(written, key);
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.unwrap_or_default()
}
