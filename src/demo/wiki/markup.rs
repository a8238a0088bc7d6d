//! The wiki's markup: paragraphs, links to pages, links to the web. It is made into pieces for the
//! template, which escapes them; no HTML is written here.

use super::pages::slug;
use serde::Serialize;

/// A part of a paragraph: text, or a link when `href` is there.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    text: String,
    href: Option<String>,
}

/// Paragraphs are set apart by empty lines.
pub(super) fn paragraphs(text: &str) -> Vec<Vec<Piece>> {
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    paragraphs.map(pieces).collect()
}

fn pieces(mut text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let Some((at, link, length)) = next_link(text) else {
            break;
        };
        push_text(&mut pieces, &text[..at]);
        pieces.push(link);
        text = &text[at + length..];
    }
    push_text(&mut pieces, text);
    pieces
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece { text: text.to_owned(), href: None });
    }
}

/// The first link: where it begins, what it is, and how long it is as written.
fn next_link(text: &str) -> Option<(usize, Piece, usize)> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let (link, length) = page_link(&text[at..]).or_else(|| web_link(&text[at..]))?;
        Some((at, link, length))
    })
}

/// `[[Title of a page]]`
fn page_link(text: &str) -> Option<(Piece, usize)> {
    let (title, _) = text.strip_prefix("[[")?.split_once("]]")?;
    let slug = slug(title);
    let href = (!slug.is_empty() && !title.contains('\n')).then(|| format!("/page/{slug}"));
    Some((Piece { text: title.trim().to_owned(), href: Some(href?) }, title.len() + 4))
}

/// `https://…` up to white space, without the punctuation at the end of a sentence.
fn web_link(text: &str) -> Option<(Piece, usize)> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let word = text.split(char::is_whitespace).next().filter(|_| is_web)?;
    let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '”', '"', '\'']);
    let url = url::Url::parse(word).ok()?;
    Some((Piece { text: word.to_owned(), href: Some(url.into()) }, word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<(String, Option<String>)> {
        paragraphs(text).into_iter().flatten().map(|p| (p.text, p.href)).collect()
    }

    #[test]
    fn empty_lines_make_paragraphs() {
        assert_eq!(paragraphs("one\r\ntwo\r\n\r\n\n\nthree\n").len(), 2);
        assert!(paragraphs(" \n\n \n").is_empty());
    }

    #[test]
    fn titles_in_brackets_and_addresses_become_links() {
        let link = |text: &str, href: &str| (text.to_owned(), Some(href.to_owned()));
        let plain = |text: &str| (text.to_owned(), None);
        assert_eq!(
            parts("See [[Things to try]]!"),
            [plain("See "), link("Things to try", "/page/things-to-try"), plain("!"),]
        );
        assert_eq!(
            parts("(https://example.org/a?b)."),
            [plain("("), link("https://example.org/a?b", "https://example.org/a?b"), plain(")."),]
        );
    }

    #[test]
    fn what_is_no_link_stays_text() {
        for text in ["[[]]", "[[…]]", "[[open", "javascript:alert(1)", "https://", "<b>x</b>"] {
            assert_eq!(parts(text), [(text.to_owned(), None)], "{text}");
        }
    }

    proptest! {
        #[test]
        fn links_lead_to_pages_or_the_web_only(text in "(\\[\\[|\\]\\]|https?://|javascript:|[a-z<>\"' ]){0,12}") {
            for (_, href) in parts(&text) {
                let good = ["/page/", "http://", "https://"];
                prop_assert!(href.is_none_or(|href| good.iter().any(|g| href.starts_with(g))));
            }
        }
    }
}
