//! Operations, as a client's backend asks for them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::backend::Backend;
use super::browser::{Answer, Browser, http};
use super::{Setup, TestServer};
use vestibule::domain::operation::Outcome;
use vestibule::domain::scope::Scope;
use vestibule::events::Event;
use vestibule::store::operations::Confirmation;

/// What a backend was given for a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub id: String,
    pub wait_secret: String,
    pub web_socket_id: String,
    pub number: String,
}

/// A question to whoever signs in with this login.
pub fn question(login: &str) -> Value {
    json!({
        "account": { "loginHint": login },
        "title": "Pay for your order?",
        "lines": [{ "label": "Amount", "value": "€49.00" }, { "label": "Payee", "value": "Shop" }],
    })
}

impl Setup {
    /// Whose clients may ask people to confirm something: wiki and notes by registration, specs of
    /// whoever agrees.
    pub async fn with_operations() -> Self {
        let mut setup = Self::new().await;
        for client in &mut setup.config.clients {
            let scope = &mut client.registration.scope;
            *scope = scope.union(&Scope::parse("operations").expect("a scope"));
        }
        setup
    }
}

impl Backend {
    /// A call below `/v1/operations` with the client's credentials.
    pub fn operations(&self, method: Method, path: &str) -> RequestBuilder {
        http()
            .request(method, format!("{}/v1/operations{path}", self.url))
            .basic_auth(&self.client_id, Some(&self.secret))
    }

    /// Asks somebody something.
    pub async fn ask(&self, question: &Value) -> Answer {
        self.ask_once(question, None).await
    }

    /// The same under a key.
    pub async fn ask_once(&self, question: &Value, key: Option<&str>) -> Answer {
        let request = self.operations(Method::POST, "").body(question.to_string());
        let request = request.header("Content-Type", "application/json");
        Answer::of(match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        })
        .await
    }

    /// An operation that waits for whoever signs in with this login.
    pub async fn asked(&self, login: &str) -> Operation {
        let answer = self.ask(&question(login)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        Operation::of(&answer)
    }

    /// How it stands with an operation; `query` may have the client wait.
    pub async fn operation(&self, id: &str, query: &str) -> Answer {
        Answer::of(self.operations(Method::GET, &format!("/{id}{query}"))).await
    }

    pub async fn complete(&self, id: &str) -> Answer {
        Answer::of(self.operations(Method::POST, &format!("/{id}/complete"))).await
    }

    pub async fn cancel(&self, id: &str) -> Answer {
        Answer::of(self.operations(Method::POST, &format!("/{id}/cancel"))).await
    }

    /// `pending`, `confirmed`, `canceled`, `failed` or `expired`.
    pub async fn state(&self, id: &str) -> String {
        let answer = self.operation(id, "").await;
        answer.json()["state"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
    }
}

impl Operation {
    pub fn of(answer: &Answer) -> Self {
        let json = answer.json();
        let text = |name: &str| json[name].as_str().expect(name).to_owned();
        Self {
            id: text("operationId"),
            wait_secret: text("waitSecret"),
            web_socket_id: text("webSocketId"),
            number: text("number"),
        }
    }
}

impl TestServer {
    /// The uid of whoever signs in with this login.
    pub async fn uid_of(&self, login: &str) -> String {
        let found = self.store.account_by_login(login).await;
        found.expect("the database answers").expect("the account is there").account.uid
    }

    /// Somebody's session that was used last.
    pub async fn session_id_of(&self, login: &str) -> String {
        let sessions = self.store.sessions_of(&self.uid_of(login).await, self.clock.now()).await;
        sessions.expect("the database answers")[0].id.clone()
    }

    /// Somebody approves, on the session that was used last.
    pub async fn confirms(&self, id: &str, login: &str) {
        let by = Confirmation {
            account_uid: &self.uid_of(login).await,
            session_id: &self.session_id_of(login).await,
            number_matched: false,
        };
        let confirmed = self.store.confirm_operation(id, &by, self.clock.now()).await;
        assert!(confirmed.expect("the database"), "it was pending");
        self.events.publish(Event::Operation(id.to_owned())).await;
    }

    /// Ends an operation as the page for people or a job would, without them, and says so on the
    /// bus of this node.
    pub async fn ends(&self, id: &str, outcome: Outcome) {
        let ended = self.store.finish_operation(id, outcome, self.clock.now()).await;
        assert!(ended.expect("the database"), "it was pending");
        self.events.publish(Event::Operation(id.to_owned())).await;
    }
}

impl Browser {
    /// The page on which a person answers.
    pub async fn look_at(&self, id: &str) -> Answer {
        self.get(&format!("/operations/{id}")).await
    }

    /// What the person says there, with a number or with none (`""`).
    pub async fn answer(&self, id: &str, answer: &str, number: &str) -> Answer {
        let fields = [("answer", answer), ("number", number)];
        self.post(&format!("/operations/{id}"), &fields).await
    }
}
