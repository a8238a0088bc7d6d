//! The templates, which are inside the binary, and what they can call.

use rocket::fairing::Fairing;
use rocket_dyn_templates::{Engines, Template};
use rust_embed::RustEmbed;
use std::collections::HashMap;
use tera::{Tera, Value};

use super::assets;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// Registers every template. Their names end in `.html`: by that the engine knows to escape.
pub(super) fn fairing() -> impl Fairing {
    Template::try_custom(|engines: &mut Engines| {
        register(&mut engines.tera)?;
        Ok(())
    })
}

/// The engine as the server uses it: tests render every template with it.
#[doc(hidden)]
pub fn engine() -> tera::Result<Tera> {
    let mut tera = Tera::default();
    register(&mut tera)?;
    Ok(tera)
}

/// All at once, so that the order in which one extends another does not matter.
fn register(tera: &mut Tera) -> tera::Result<()> {
    let files: Vec<(String, String)> = Templates::iter()
        .filter(|name| !name.starts_with("demo/"))
        .filter_map(|name| {
            let text = Templates::get(&name)?.data;
            Some((name.to_string(), String::from_utf8_lossy(&text).into_owned()))
        })
        .collect();
    tera.add_raw_templates(files)?;
    tera.register_function("asset", asset);
    Ok(())
}

/// `asset(path="style/main.css")`: the address of an embedded file.
fn asset(arguments: &HashMap<String, Value>) -> tera::Result<Value> {
    let path = arguments.get("path").and_then(Value::as_str).unwrap_or_default();
    let address = assets::address(path);
    address.map(Value::String).ok_or_else(|| tera::Error::msg(format!("no asset `{path}`")))
}
