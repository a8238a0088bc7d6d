//! What the shop's backend tells pay's, and takes from it. No browser has a part in this: pay shows
//! who it is by a secret that the two have had since the demo began, never by a person's token.

use super::failed;
use super::orders::{Orders, Paid};
use crate::domain::secret::{Secret, SecretHash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::serde::json::Json;
use rocket::{Route, State, get, post, routes};
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    routes![bill, paid]
}

/// What pay must present.
pub(super) struct Till(SecretHash);

impl Till {
    pub(super) fn new(secret: &Secret) -> Self {
        Self(secret.hash())
    }

    /// Reads Basic credentials.
    fn is_pay(&self, authorization: Option<&str>) -> bool {
        let encoded = authorization.and_then(|value| value.strip_prefix("Basic "));
        let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
        let secret = decoded.as_deref().and_then(|pair| pair.strip_prefix(b"pay:"));
        secret.is_some_and(|secret| SecretHash::of(secret).matches(self.0.as_str()))
    }
}

/// The request comes from pay's backend.
struct FromPay;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FromPay {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let till: Option<&Till> = request.rocket().state();
        let authorization = request.headers().get_one("Authorization");
        if till.is_some_and(|till| till.is_pay(authorization)) {
            Outcome::Success(Self)
        } else {
            Outcome::Error((Status::Unauthorized, ()))
        }
    }
}

/// A clear no for a program.
type Refused = (Status, Json<Value>);

/// What is to be paid, and by whom. Pay believes this and nothing that a browser says.
#[get("/orders/<id>/bill")]
async fn bill(_pay: FromPay, id: &str, orders: &State<Orders>) -> Result<Json<Value>, Refused> {
    let order = orders.find(id).await.map_err(|error| refused(failed(&error), "server_error"))?;
    let order = order.ok_or_else(|| refused(Status::NotFound, "unknown_order"))?;
    // To pay it makes no difference how.
    let paid = order.is_settled();
    Ok(Json(json!({ "title": order.title, "quantity": order.quantity, "cents": order.cents,
        "sub": order.sub, "paid": paid })))
}

#[derive(FromForm)]
struct Payment<'r> {
    cents: i64,
    receipt: &'r str,
}

/// Pay has the money.
#[post("/orders/<id>/paid", data = "<form>")]
async fn paid(
    _pay: FromPay,
    id: &str,
    form: Form<Payment<'_>>,
    orders: &State<Orders>,
) -> Result<Json<Value>, Refused> {
    match orders.pay(id, form.cents, form.receipt).await {
        Ok(Paid::Done) => Ok(Json(json!({ "paid": true }))),
        Ok(Paid::Conflict) => Err(refused(Status::Conflict, "conflict")),
        Err(error) => Err(refused(failed(&error), "server_error")),
    }
}

fn refused(status: Status, error: &str) -> Refused {
    (status, Json(json!({ "error": error })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pays_own_secret_opens_the_till() {
        let secret = Secret::random();
        let till = Till::new(&secret);
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let good = basic(&format!("pay:{}", secret.reveal()));
        assert!(till.is_pay(Some(&good)));
        for bad in [
            None,
            Some(""),
            Some("Basic "),
            Some(basic("pay:").as_str()),
            Some(basic(&format!("shop:{}", secret.reveal())).as_str()),
            Some(basic(&format!("pay:{}", Secret::random().reveal())).as_str()),
            Some(&good.replace("Basic", "Bearer")),
        ] {
            assert!(!till.is_pay(bad), "{bad:?}");
        }
    }
}
