//! The page that waits for a flow: it begins it, shows a number, and asks how it ends.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::browser::{Answer, Browser, FORM, encode, http};
use super::openid::Authorize;
use super::{ISSUER, SPECS, TestServer, hash, nonce};

/// What a page knows that waits for a flow.
#[derive(Clone, Debug)]
pub struct Waits {
    /// 64 hex, which the page has made.
    pub secret: String,
    /// The hash of it.
    pub id: String,
    /// What it shows.
    pub number: String,
    pub asked: Authorize,
}

impl Waits {
    /// The path of the window.
    pub fn path(&self) -> String {
        format!("/flow/{}", self.id)
    }

    /// The name of the cookie that marks the browser in which it goes on.
    pub fn cookie(&self) -> String {
        format!("__Host-flow-{}", self.id)
    }

    /// One that the page does not show.
    pub fn other_number(&self) -> &'static str {
        if self.number == "10" { "11" } else { "10" }
    }
}

/// What the window's script sends for a secret.
pub fn proof_of(secret: &str) -> Value {
    json!({ "waitingSecret": secret })
}

impl TestServer {
    /// What a page sends to begin a flow, but for its origin.
    pub fn beginning(&self, secret: &str, asked: &Authorize) -> RequestBuilder {
        let fields = [asked.fields(), vec![("waiting_secret", secret)]].concat();
        let request = http().post(format!("{}/flow", self.url)).header("Content-Type", FORM);
        request.header("Sec-Fetch-Site", "cross-site").body(encode(&fields))
    }

    /// A flow that a page of this origin has begun.
    pub async fn begun_at(&self, origin: &str, asked: Authorize) -> Waits {
        let secret = nonce();
        let request = self.beginning(&secret, &asked).header("Origin", origin);
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), origin);
        let told = answer.json();
        let id = hash(&secret);
        let uri = format!("{ISSUER}/flow/{id}");
        let number = told["number"].as_str().expect("a number").to_owned();
        assert!((10..100).contains(&number.parse::<i64>().expect("a number")));
        let expected = json!({ "flow": id, "flow_uri": uri, "number": number, "expires_in": 900 });
        assert_eq!(told, expected);
        Waits { secret, id, number, asked }
    }

    /// A flow of the widget.
    pub async fn begun(&self) -> Waits {
        self.begun_at(SPECS, Authorize::widget()).await
    }

    /// A question for the outcome, with these fields and headers.
    pub async fn outcome_with(&self, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let request = http().post(format!("{}/flow/outcome", self.url));
        let request = request.header("Content-Type", FORM).body(encode(fields));
        let add =
            |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        Answer::of(headers.iter().fold(request, add)).await
    }

    /// How the flow stands.
    pub async fn outcome(&self, waits: &Waits) -> Value {
        let answer = self.outcome_with(&[("waiting_secret", &waits.secret)], &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Holds that the page hears nothing yet.
    pub async fn hold_pending(&self, waits: &Waits) {
        assert_eq!(self.outcome(waits).await, json!({ "state": "pending" }));
    }

    /// The code that the page is given.
    pub async fn code_of(&self, waits: &Waits) -> String {
        let told = self.outcome(waits).await;
        let code = told["response"]["code"].as_str().unwrap_or_else(|| panic!("no code: {told}"));
        let state = waits.asked.value("state");
        let response = json!({ "code": code, "state": state, "iss": ISSUER });
        assert_eq!(told, json!({ "state": "completed", "response": response }));
        assert_eq!(code.len(), 64);
        code.to_owned()
    }

    /// The error that the page is told.
    pub async fn error_of(&self, waits: &Waits) -> String {
        let told = self.outcome(waits).await;
        assert_eq!(told["state"], "completed", "{told}");
        let response = &told["response"];
        assert_eq!(response["state"], waits.asked.value("state"), "{told}");
        assert_eq!(response["iss"], ISSUER, "{told}");
        let text = response["error_description"].as_str().expect("a sentence");
        assert!(!text.is_empty() && response.get("code").is_none(), "{told}");
        response["error"].as_str().expect("a code").to_owned()
    }
}

impl Browser {
    /// The window, opened by a page of somebody else.
    pub async fn open_window(&self, waits: &Waits) -> Answer {
        self.navigate(&waits.path()).await
    }

    /// The person's answer in the window: `confirm` or `cancel`, with a number or none (`""`).
    pub async fn answer_window(&self, waits: &Waits, answer: &str, number: &str) -> Answer {
        self.post(&waits.path(), &[("answer", answer), ("number", number)]).await
    }

    /// The right number.
    pub async fn confirm(&self, waits: &Waits) -> Answer {
        self.answer_window(waits, "confirm", &waits.number).await
    }

    /// What the window's script does when its opener has told it this secret.
    pub async fn prove(&self, waits: &Waits, secret: &str) -> Answer {
        let path = format!("{}/proof", waits.path());
        self.bridge_send(&path, proof_of(secret).to_string()).await
    }

    /// A look at a page of ours with nothing but the cookies.
    pub async fn look(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }
}
