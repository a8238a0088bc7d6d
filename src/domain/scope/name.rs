//! Which names of a scope imply which.

use url::Url;

/// A name, by what it implies beside itself.
pub(super) enum Name<'a> {
    /// `a:b:c`: all that begins with its parts. Only one with `:write` implies such with `:write`.
    Parts { parts: Vec<&'a str>, write: bool },
    /// `https://host/path#fragment`: the same path and all below it, on the same origin; without a
    /// fragment any, with one only this very one.
    Uri { origin: &'a str, path: &'a str, fragment: Option<&'a str> },
    /// Anything else that looks like an address, and addresses that are not written as browsers
    /// write them: nothing beside itself, so that no `..` climbs out of a path.
    Other(&'a str),
}

impl<'a> Name<'a> {
    pub(super) fn read(name: &'a str) -> Self {
        if name.contains("://") {
            return Self::read_uri(name).unwrap_or(Self::Other(name));
        }
        match name.strip_suffix(":write") {
            Some(rest) => Self::Parts { parts: rest.split(':').collect(), write: true },
            None => Self::Parts { parts: name.split(':').collect(), write: false },
        }
    }

    fn read_uri(name: &'a str) -> Option<Self> {
        let url = Url::parse(name).ok().filter(|url| url.scheme() == "https")?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !plain || url.as_str() != name {
            return None;
        }
        let (address, fragment) = match name.split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (name, None),
        };
        let slash = address["https://".len()..].find('/')? + "https://".len();
        let (origin, path) = address.split_at(slash);
        Some(Self::Uri { origin, path, fragment })
    }

    /// Whether who holds this name holds the other one as well.
    pub(super) fn implies(&self, asked: &Self) -> bool {
        match (self, asked) {
            (Self::Parts { parts, write }, Self::Parts { parts: asked, write: to_write }) => {
                asked.starts_with(parts) && (*write || !to_write)
            }
            (
                Self::Uri { origin, path, fragment },
                Self::Uri { origin: there, path: asked, fragment: part },
            ) => {
                origin == there && is_below(path, asked) && (fragment.is_none() || fragment == part)
            }
            (Self::Other(name), Self::Other(asked)) => name == asked,
            _ => false,
        }
    }
}

/// Whether a path is the same, or below it by whole segments.
fn is_below(path: &str, asked: &str) -> bool {
    let rest = asked.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}
