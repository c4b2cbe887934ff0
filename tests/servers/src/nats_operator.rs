//! Signed credentials for a NATS server, as the tool `nsc` makes them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use nkeys::KeyPair;
use serde_json::{Value, json};

/// Some time long ago: nothing here ends.
const ISSUED: u64 = 1_700_000_000;

/// An operator with an account for who has work to do and one for the system.
pub struct NatsOperator {
    operator: KeyPair,
    account: KeyPair,
    system: KeyPair,
}

impl Default for NatsOperator {
    fn default() -> Self {
        Self { operator: KeyPair::new_operator(), account: KeyPair::new_account(), system: KeyPair::new_account() }
    }
}

impl NatsOperator {
    /// The lines of a server's configuration by which it trusts this operator, and knows its accounts.
    pub fn configuration(&self) -> String {
        let (account, system) = (self.account.public_key(), self.system.public_key());
        let own = json!({"type": "operator", "version": 2, "system_account": system});
        let operator = signed(&self.operator, &self.operator.public_key(), &own);
        let any = json!({"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1,
            "wildcards": true, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1});
        let work = signed(&self.operator, &account, &json!({"type": "account", "version": 2, "limits": any}));
        let none = json!({"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1,
            "wildcards": true});
        let idle = signed(&self.operator, &system, &json!({"type": "account", "version": 2, "limits": none}));
        format!(
            "operator: {operator}\nsystem_account: {system}\nresolver: MEMORY\n\
             resolver_preload {{\n  {account}: {work}\n  {system}: {idle}\n}}"
        )
    }

    /// A user's credentials: the text of a file.
    pub fn credentials(&self) -> String {
        let user = KeyPair::new_user();
        let rights = json!({"type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1});
        let token = signed(&self.account, &user.public_key(), &rights);
        let seed = user.seed().expect("a pair that was just made");
        format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

/// What one says of another, signed.
fn signed(by: &KeyPair, about: &str, rights: &Value) -> String {
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let head = part(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let claims = json!({"jti": about, "iat": ISSUED, "iss": by.public_key(), "name": "campanile", "sub": about,
        "nats": rights});
    let text = format!("{head}.{}", part(&claims));
    let signature = by.sign(text.as_bytes()).expect("a pair with its seed");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
