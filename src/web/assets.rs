//! Everything a browser may fetch: the files of `assets/`, which are inside the binary.

use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::{Route, State, get, routes};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::path::{Path, PathBuf};

use super::app::App;
use super::error::Problem;

/// The embedded files.
#[derive(RustEmbed)]
#[folder = "assets/"]
pub struct Assets;

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![
        asset,
        sdk,
        sdk_panel,
        sdk_types,
        sdk_identify,
        sdk_identify_types,
        brand_style,
        brand_logo
    ]
}

/// The first half of a file's SHA-256, by which a changed file gets a changed address.
fn version(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..8])
}

/// The address of an embedded file, which changes with its content.
#[must_use]
pub fn address(path: &str) -> Option<String> {
    Assets::get(path).map(|file| format!("/assets/{path}?v={}", version(&file)))
}

/// A file with its type, its validator and how long it may be kept.
pub struct Asset {
    file: EmbeddedFile,
    content_type: ContentType,
    public: bool,
}

impl Asset {
    fn at(path: &str) -> Result<Self, Problem> {
        let file = Assets::get(path);
        let file = file.ok_or_else(|| Problem::not_found("There is no such file."))?;
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
        let content_type = match extension {
            // Not a transport stream.
            Some("ts") => Some(ContentType::Plain),
            _ => extension.and_then(ContentType::from_extension),
        };
        Ok(Self { file, content_type: content_type.unwrap_or(ContentType::Binary), public: false })
    }

    /// One that pages of any site may read.
    fn public(path: &str) -> Result<Self, Problem> {
        Self::at(path).map(|asset| Self { public: true, ..asset })
    }
}

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let version = version(&self.file);
        let etag = format!("\"{version}\"");
        let asked = request.query_value::<&str>("v").and_then(Result::ok);
        let keep = if asked == Some(&version) {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=300"
        };
        let mut response = Response::build();
        response.raw_header("ETag", etag.clone()).raw_header("Cache-Control", keep);
        if self.public {
            response.raw_header("Access-Control-Allow-Origin", "*");
            response.raw_header("Cross-Origin-Resource-Policy", "cross-origin");
        }
        if request.headers().get_one("If-None-Match") == Some(&etag) {
            return response.status(Status::NotModified).ok();
        }
        response
            .header(self.content_type)
            .sized_body(self.file.data.len(), std::io::Cursor::new(self.file.data))
            .ok()
    }
}

#[get("/assets/<path..>")]
fn asset(path: PathBuf) -> Result<Asset, Problem> {
    // The demo's sites serve their own.
    if path.starts_with("demo") {
        return Err(Problem::not_found("There is no such file."));
    }
    Asset::at(&path.to_string_lossy())
}

/// The browser SDK: any page may load it, with SRI if it wants.
#[get("/sdk/vestibule.js")]
fn sdk() -> Result<Asset, Problem> {
    Asset::public("sdk/vestibule.js")
}

/// The panel, which the SDK loads where a page wants one.
#[get("/sdk/panel.js")]
fn sdk_panel() -> Result<Asset, Problem> {
    Asset::public("sdk/panel.js")
}

/// The types of the SDK.
#[get("/sdk/vestibule.d.ts")]
fn sdk_types() -> Result<Asset, Problem> {
    Asset::public("sdk/vestibule.d.ts")
}

/// Identification, which few pages need: a module by itself.
#[get("/sdk/identify.js")]
fn sdk_identify() -> Result<Asset, Problem> {
    Asset::public("sdk/identify.js")
}

/// The types of that module.
#[get("/sdk/identify.d.ts")]
fn sdk_identify_types() -> Result<Asset, Problem> {
    Asset::public("sdk/identify.d.ts")
}

/// The configured colour as a style sheet, since pages have no inline style.
#[get("/brand.css")]
fn brand_style(app: &State<App>) -> (ContentType, String) {
    let accent = app.brand.accent.as_deref();
    let rule = accent.map(|accent| format!(":root{{--brand-accent:{accent}}}\n"));
    (ContentType::CSS, rule.unwrap_or_default())
}

/// The configured logo.
#[get("/brand/logo")]
fn brand_logo(app: &State<App>) -> Result<(ContentType, Vec<u8>), Problem> {
    let logo = app.brand.logo.as_ref();
    let logo = logo.ok_or_else(|| Problem::not_found("There is no logo."))?;
    let content_type = ContentType::parse_flexible(logo.media_type).unwrap_or(ContentType::Binary);
    Ok((content_type, logo.bytes.to_vec()))
}
