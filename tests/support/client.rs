//! Requests to the API.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{Answer, handed};

/// A client with a key, or with none. It follows its engine to the address that it has after a restart.
#[derive(Debug, Clone)]
pub struct Client {
    base: Arc<RwLock<String>>,
    http: reqwest::Client,
    secret: Option<String>,
}

impl Client {
    /// A client of the engine at `base`.
    pub fn new(base: Arc<RwLock<String>>, secret: Option<&str>) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build();
        Self { base, http: http.expect("a client"), secret: secret.map(str::to_owned) }
    }

    /// A client at the socket in a data folder: who reads the folder needs no key.
    pub fn at(socket: &Path) -> Self {
        let http = reqwest::Client::builder().unix_socket(socket).timeout(Duration::from_mins(1)).build();
        let base = Arc::new(RwLock::new("http://localhost".to_owned()));
        Self { base, http: http.expect("a client"), secret: None }
    }

    /// Gets.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts a body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Posts nothing.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request to be filled in.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.base.read().unwrap_or_else(PoisonError::into_inner).clone();
        let request = self.http.request(method, format!("{base}{path}"));
        match &self.secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        }
    }

    /// Sends a request; a connection that breaks fails the test.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.expect("the engine answers")
    }

    /// Sends a request to an engine that may be down.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let request = request.build()?;
        let asked = format!("{} {}", request.method(), request.url().path());
        handed::keep_sent(request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default());
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        handed::keep_told(&text);
        Ok(Answer { request: asked, status, headers, text })
    }

    /// Goes through a list to its end, by its cursor.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{joint}limit=50{after}")).await.expect(200);
            found.extend(page["data"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return found,
            }
        }
    }

    /// Connects an account of the sandbox within the engine and gives its id; done twice, it is the same one.
    pub async fn own_account(&self) -> String {
        let body = serde_json::json!({"handle": "bells", "delivery": "keyed"});
        let account = self.post("/v1/connect/sandbox", body).await.expect(201);
        account["id"].as_str().expect("an account's id").to_owned()
    }

    /// Connects an account of a sandbox server and gives its id.
    pub async fn connect_sandbox(&self, server: &str, handle: &str, delivery: &str) -> String {
        let body = serde_json::json!({"handle": handle, "delivery": delivery, "service_url": server});
        let account = self.post("/v1/connect/sandbox", body).await.expect(201);
        account["id"].as_str().expect("an account's id").to_owned()
    }

    /// Announces a medium, gives its bytes and confirms it; gives its id.
    pub async fn medium(&self, content_type: &str, bytes: &[u8], alt_text: Option<&str>) -> String {
        let announced = self.announce(content_type, bytes.len(), alt_text).await.expect(201);
        let put = self.put(announced["upload_url"].as_str().expect("an address"), bytes.to_vec()).await;
        assert_eq!(put.status, 204, "{}", put.text);
        let id = announced["id"].as_str().expect("an id").to_owned();
        self.post_empty(&format!("/v1/media/{id}/confirm")).await.expect(200);
        id
    }

    /// Announces a medium.
    pub async fn announce(&self, content_type: &str, bytes: usize, alt_text: Option<&str>) -> Answer {
        let body = serde_json::json!({
            "file_name": "quiet-name.png", "content_type": content_type, "bytes": bytes, "alt_text": alt_text,
        });
        self.post("/v1/media/upload-url", body).await
    }

    /// Gives bytes to an address, without a key.
    pub async fn put(&self, url: &str, bytes: Vec<u8>) -> Answer {
        self.send(self.http.put(url).body(bytes)).await
    }

    /// Makes a key with these scopes and gives its secret.
    pub async fn key(&self, scopes: &[&str]) -> String {
        let key = self.post("/v1/keys", serde_json::json!({"name": "for a test", "scopes": scopes})).await.expect(201);
        key["secret"].as_str().expect("a secret").to_owned()
    }
}
