//! What a person reads on a page of ours.

use super::browser::Answer;

impl Answer {
    /// The sentence beside a form's field.
    pub fn field_error(&self, name: &str) -> Option<String> {
        let from = self.text.split_once(&format!("id=\"{name}-error\""))?.1;
        let text = from.split_once("<span>")?.1.split_once("</span>")?.0;
        Some(plain(text))
    }

    /// The fields that have a sentence beside them.
    pub fn wrong_fields(&self) -> Vec<String> {
        let ids = self.text.split("id=\"").skip(1);
        let ids = ids.filter_map(|rest| rest.split('"').next()?.strip_suffix("-error"));
        ids.map(str::to_owned).collect()
    }

    /// The sentence above a form.
    pub fn form_error(&self) -> Option<String> {
        let from = self.text.split_once("class=\"notice bad\"")?.1;
        Some(plain(from.split_once("<p>")?.1.split_once("</p>")?.0))
    }

    /// What stands in a form's field.
    pub fn typed(&self, name: &str) -> Option<String> {
        let tag = self
            .text
            .split('<')
            .find(|tag| tag.starts_with("input") && tag.contains(&format!(" name=\"{name}\"")))?;
        let value = tag.split_once(" value=\"")?.1.split_once('"')?.0;
        Some(plain(value))
    }

    /// Whether a check box is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        let mut tags = self.text.split('<');
        tags.any(|tag| tag.contains(&format!(" name=\"{name}\"")) && tag.contains(" checked"))
    }

    /// A directive of the Content-Security-Policy, without its name.
    pub fn policy(&self, directive: &str) -> Option<&str> {
        let mut directives = self.header("Content-Security-Policy").split(';');
        directives.find_map(|text| text.trim().strip_prefix(directive)?.strip_prefix(' '))
    }

    pub fn is_html(&self) -> bool {
        self.header("Content-Type").starts_with("text/html")
    }

    /// Status, headers and text, without what differs from answer to answer.
    pub fn essence(&self) -> String {
        let id = self.header("X-Request-Id");
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != "date" && *name != "x-request-id")
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        let text = self.text.replace(id, "…");
        format!("{} {}\n\n{text}", self.status, headers.join("\n"))
    }
}

/// Text as it is read, not as it is written in HTML.
pub fn plain(html: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    let text = html.trim().to_owned();
    entities.iter().fold(text, |text, (entity, plain)| text.replace(entity, plain))
}
