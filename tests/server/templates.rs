//! Every template is rendered with a sample, by the engine that the server uses, and never lets
//! text through that somebody else wrote. Those of the demo are rendered by the demo's own tests.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use tera::{Context, Tera};

use crate::template_samples::samples;

static ENGINE: LazyLock<Tera> =
    LazyLock::new(|| vestibule::web::template_engine().expect("the templates parse"));

/// The templates that the folder has, without those of the demo.
fn templates(folder: &Path, above: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let name = format!("{above}{name}");
        if name == "demo" {
            continue;
        }
        if path.is_dir() {
            found.extend(templates(&path, &format!("{name}/")));
        } else {
            found.insert(name);
        }
    }
    found
}

fn all() -> BTreeSet<String> {
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), "")
}

fn rendered(template: &str) -> Vec<String> {
    let render = |sample: &Value| {
        let context = Context::from_serialize(sample).expect("a context");
        let html = ENGINE.render(template, &context);
        html.unwrap_or_else(|error| panic!("{template} {sample}: {error:?}"))
    };
    samples(template).iter().map(render).collect()
}

#[test]
fn the_engine_has_exactly_the_files_of_the_folder() {
    let known: BTreeSet<String> = ENGINE.get_template_names().map(str::to_owned).collect();
    assert_eq!(known, all());
    assert!(
        all().iter().all(|name| Path::new(name).extension() == Some("html".as_ref())),
        "by that they are escaped"
    );
}

#[test]
fn every_template_is_rendered_with_a_sample() {
    for template in all() {
        for html in rendered(&template) {
            let is_part = template.starts_with("part/");
            assert_eq!(html.contains("<!doctype html>"), !is_part, "{template}");
            assert!(!html.contains("{%") && !html.contains("{#"), "{template}: {html}");
        }
    }
}

#[test]
fn what_people_wrote_is_text_on_every_page() {
    for template in all() {
        let all = rendered(&template);
        for html in &all {
            assert!(!html.contains("<script>"), "{template}: {html}");
            assert!(!html.contains("alert('1')"), "{template}: {html}");
            assert!(!html.contains("\"><script"), "{template}");
        }
        let macros = ["part/form.html", "part/icon.html"].contains(&template.as_str());
        let shows = all.iter().any(|html| html.contains("&quot;&gt;&lt;script&gt;"));
        assert!(shows || macros, "{template} shows what people wrote");
    }
}

/// The tags of a page, from `<` to `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

#[test]
fn no_page_has_script_or_style_in_it() {
    for template in all() {
        for html in rendered(&template) {
            for tag in tags(&html) {
                assert!(!tag.contains(" style="), "{template}: <{tag}>");
                let handler =
                    tag.split(' ').any(|part| part.starts_with("on") && part.contains('='));
                assert!(!handler, "{template}: <{tag}>");
                assert!(
                    !tag.starts_with("script") || tag.contains(" src=\""),
                    "{template}: <{tag}>"
                );
                assert!(!tag.starts_with("style"), "{template}: <{tag}>");
                assert!(!tag.to_lowercase().contains("javascript:"), "{template}: <{tag}>");
            }
        }
    }
}

#[test]
fn every_form_is_sent_by_post_to_a_path_of_ours_and_every_input_has_a_label() {
    for template in all() {
        for html in rendered(&template) {
            for form in tags(&html).filter(|tag| tag.starts_with("form ")) {
                // One page only looks, and can be linked to.
                let method = if template == "check.html" { "get" } else { "post" };
                assert!(form.contains(&format!("method=\"{method}\"")), "{template}: <{form}>");
                // One page is there to send people on to where a client is.
                let action =
                    if template == "form_post.html" { "action=\"https:" } else { "action=\"/" };
                assert!(form.contains(action), "{template}: <{form}>");
            }
            for input in tags(&html).filter(|tag| tag.starts_with("input ")) {
                let needs_none = ["type=\"hidden\"", "type=\"checkbox\"", " hidden"];
                if needs_none.iter().any(|mark| input.contains(mark)) {
                    continue;
                }
                let id = input.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
                let id = id.unwrap_or_else(|| panic!("{template}: <{input}>"));
                assert!(html.contains(&format!("<label for=\"{id}\"")), "{template}: {id}");
            }
        }
    }
}

#[test]
fn every_page_has_a_title_a_language_and_one_main_heading() {
    for template in &all() {
        if template.starts_with("part/") {
            continue;
        }
        for html in rendered(template) {
            assert!(html.contains("<html lang=\"en\""), "{template}");
            assert!(html.contains("<title>"), "{template}");
            let headings = html.matches("<h1").count();
            let blank = ["base.html", "bridge.html", "callback/passive.html"];
            let expected = usize::from(!blank.contains(&template.as_str()));
            assert_eq!(headings, expected, "{template}");
        }
    }
}

#[test]
fn a_page_that_looked_at_no_session_has_no_mark() {
    for (mark, expected) in [(json!(null), None), (json!(""), Some("")), (json!("ab"), Some("ab"))]
    {
        let mut sample = samples("error.html").remove(0);
        sample["mark"] = mark;
        let context = Context::from_serialize(&sample).expect("a context");
        let html = ENGINE.render("error.html", &context).expect("a page");
        let found = html.split("data-mark=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(found, expected);
    }
}
