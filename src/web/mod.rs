//! The surface: every route, guard and header, and which catcher renders the errors of what.

mod account;
pub mod app;
pub mod assets;
mod body;
mod brake;
mod bridge;
mod callback;
mod check;
mod cookies;
mod embedded;
mod error;
mod events_socket;
mod flow;
mod guard;
mod headers;
mod health;
mod identification;
mod oauth;
mod operations;
mod page;
mod request_id;
mod session;
mod templates;
mod websocket;

use rocket::shield::Shield;
use rocket::{Build, Rocket};

use app::App;
#[doc(hidden)]
pub use templates::engine as template_engine;

/// Puts the whole surface on a Rocket: routes, catchers, headers, the request log, templates.
#[must_use]
pub fn mount(rocket: Rocket<Build>, app: App) -> Rocket<Build> {
    rocket
        // Ours replaces the framework's: it knows which page may be framed by whom.
        .attach(Shield::new())
        .attach(headers::Headers)
        .attach(brake::Brake::new())
        .attach(request_id::RequestLog)
        .attach(templates::fairing())
        .manage(app)
        .mount("/", account::routes())
        .mount("/", assets::routes())
        .mount("/", bridge::routes())
        .mount("/", flow::routes())
        .mount("/", callback::routes())
        .mount("/", check::routes())
        .mount("/", health::routes())
        .mount("/", identification::routes())
        .mount("/", oauth::routes())
        .mount("/", websocket::routes())
        .mount("/v1", identification::backend_routes())
        .mount("/v1", operations::routes())
        .mount("/v1", session::routes())
        .register("/", error::page_catchers())
        .register("/v1", error::json_catchers())
        .register("/oauth", error::json_catchers())
        .register("/oauth/authorize", error::page_catchers())
        .register("/oauth/logout", error::page_catchers())
        .register("/.well-known", error::json_catchers())
        .register("/ready", error::json_catchers())
        .register("/websocket", error::json_catchers())
        .register("/bridge/payload", error::json_catchers())
        .register("/bridge/signout", error::json_catchers())
}
