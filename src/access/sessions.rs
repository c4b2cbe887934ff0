//! Who is signed in where: one row a session, beside the journal, with a keyed digest of its token. A session that ends is
//! deleted, and each request reads the row: so an end counts at once, on every node.

use std::sync::Arc;

use campanile_events::{
    db::{Database, DbError, Engine, Row, migrate},
    ids::{PersonId, SessionId},
    seal::{DataKey, MasterKey, Open, SealError, Sealed, fields},
};
use chrono::{DateTime, Duration, Utc};
use subtle::ConstantTimeEq;

use super::token::{Pepper, Token, TokenKind};

const OWNER: &str = "sessions";
const PEPPER: (u32, &str) = (1, "sessions");
/// How long a session holds that isn't used.
pub const IDLE: Duration = Duration::hours(12);
/// How long one holds that is.
pub const LONGEST: Duration = Duration::days(7);
/// A use is written so often at most: a write for each request would cost more than the request.
const WRITTEN_EACH: Duration = Duration::minutes(1);
/// For so long the same request again is given the same token.
const SHOWN_FOR: Duration = Duration::hours(24);
/// How many sessions a person has at a time; the one that was used the longest ago makes room.
const MOST: u32 = 50;

/// The sessions.
#[derive(Debug)]
pub struct Sessions {
    db: Arc<dyn Database>,
    pepper: Pepper,
}

/// A session that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub person: PersonId,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub used_at: DateTime<Utc>,
    /// Until when it holds if it isn't used.
    pub expires_at: DateTime<Utc>,
    /// From where they signed in, sealed.
    pub address: Option<Sealed>,
    /// With which program, sealed.
    pub client: Option<Sealed>,
}

/// A session that is to begin.
#[derive(Debug)]
pub(super) struct NewSession<'a> {
    /// Who signs in.
    pub(super) person: PersonId,
    /// When the password was set that they knew.
    pub(super) password_of: DateTime<Utc>,
    /// From where, sealed.
    pub(super) address: Option<Sealed>,
    /// With which program, sealed.
    pub(super) client: Option<Sealed>,
    /// The request's idempotency key, digested, and what seals the token for the same request again.
    pub(super) once: Option<(&'a str, &'a DataKey)>,
}

impl Sessions {
    /// The sessions in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, master: &MasterKey) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, pepper: Pepper::of(master, PEPPER.1) })
    }

    /// Begins a session of who knew the password that was set at `password_of`. None begins if it is another by now: who
    /// changes a password ends all sessions of before, also those that are just about to begin.
    ///
    /// Where the same request began one within a day that still holds, it is that one, and `true`.
    pub(super) async fn begin(
        &self,
        new: NewSession<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<(Token, Session, bool)>, SealError> {
        let NewSession { person, password_of, address, client, once } = new;
        let token = Token::generate(TokenKind::Session);
        let expires_at = now + IDLE;
        let session =
            Session { id: SessionId::fresh(now), person, created_at: now, used_at: now, expires_at, address, client };
        // The lock makes a change of the password wait until this session can be ended with the others.
        let lock = match (self.db.engine(), once) {
            (Engine::Sqlite, _) => "",
            (Engine::Postgres, None) => " for share",
            // The same request on another node waits, and finds what this one began.
            (Engine::Postgres, Some(_)) => " for update",
        };
        let mut transaction = self.db.begin().await?;
        let select = format!("select changed_at from password_hashes where person_id = $1{lock}");
        let rows = transaction.query(&select, vec![person.uuid().into()]).await?;
        if rows.first().map(|row| row.time("changed_at")).transpose()? != Some(password_of) {
            return Ok(None);
        }
        if let Some((once, key)) = once {
            let select = format!(
                "{SELECT}, token from sessions where person_id = $1 and once = $2 and token is not null \
                 and expires_at > $3 and created_at > $4"
            );
            let rows = transaction
                .query(&select, vec![person.uuid().into(), once.into(), now.into(), (now - SHOWN_FOR).into()])
                .await?;
            if let Some(row) = rows.first() {
                let token = key.open(fields::RECEIPT_SECRET, &Sealed::from_stored(row.text("token")?))?;
                let token = Token::read(TokenKind::Session, token.as_str()).map_err(|_| SealError::Malformed)?;
                return Ok(Some((token, read(row)?, true)));
            }
            // One that is over, or whose token is forgotten, makes room.
            let free = "update sessions set once = null where person_id = $1 and once = $2";
            transaction.execute(free, vec![person.uuid().into(), once.into()]).await?;
        }
        let insert = "insert into sessions (session_id, verifier, pepper, person_id, created_at, used_at, expires_at, \
                      ends_at, address, client, once, token) \
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let sealed_token = once.map(|(_, key)| key.seal(fields::RECEIPT_SECRET, &Open::new(token.expose())));
        let sealed = |text: &Option<Sealed>| text.as_ref().map(|text| text.as_str().to_owned());
        let values = vec![
            session.id.uuid().into(),
            self.pepper.digest(token.expose()).into(),
            PEPPER.0.into(),
            person.uuid().into(),
            now.into(),
            now.into(),
            expires_at.into(),
            (now + LONGEST).into(),
            sealed(&session.address).into(),
            sealed(&session.client).into(),
            once.map(|(once, _)| once.to_owned()).into(),
            sealed(&sealed_token).into(),
        ];
        transaction.execute(insert, values).await?;
        let crowd = "delete from sessions where person_id = $1 and session_id not in \
                     (select session_id from sessions where person_id = $1 order by used_at desc, session_id desc limit $2)";
        transaction.execute(crowd, vec![person.uuid().into(), MOST.into()]).await?;
        transaction.commit().await?;
        Ok(Some((token, session, false)))
    }

    /// The session of a token, which is used by that: it holds on from here, to its last day.
    pub async fn used(&self, token: &Token, now: DateTime<Utc>) -> Result<Option<Session>, DbError> {
        let digest = self.pepper.digest(token.expose());
        let select =
            format!("{SELECT}, verifier from sessions where verifier = $1 and pepper = $2 and expires_at > $3");
        let rows = self.db.query(&select, vec![digest.clone().into(), PEPPER.0.into(), now.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if !bool::from(row.bytes("verifier")?.ct_eq(&digest)) {
            return Ok(None);
        }
        let mut session = read(row)?;
        if now - session.used_at >= WRITTEN_EACH {
            let expires_at = (now + IDLE).min(row.time("ends_at")?);
            // One that was ended meanwhile has no row any more.
            let slide = "update sessions set used_at = $2, expires_at = $3 where session_id = $1";
            let touched = self.db.execute(slide, vec![session.id.uuid().into(), now.into(), expires_at.into()]).await?;
            if touched == 0 {
                return Ok(None);
            }
            (session.used_at, session.expires_at) = (now, expires_at);
        }
        Ok(Some(session))
    }

    /// Whether a person's session holds. To ask is no use of it.
    pub async fn holds(&self, person: PersonId, session: SessionId, now: DateTime<Utc>) -> Result<bool, DbError> {
        let select = "select 1 as held from sessions where person_id = $1 and session_id = $2 and expires_at > $3";
        let values = vec![person.uuid().into(), session.uuid().into(), now.into()];
        Ok(!self.db.query(select, values).await?.is_empty())
    }

    /// A person's sessions, the newest first.
    pub async fn of(&self, person: PersonId, now: DateTime<Utc>) -> Result<Vec<Session>, DbError> {
        let select = format!(
            "{SELECT} from sessions where person_id = $1 and expires_at > $2 order by created_at desc, session_id desc"
        );
        let rows = self.db.query(&select, vec![person.uuid().into(), now.into()]).await?;
        rows.iter().map(read).collect()
    }

    /// Ends one of a person's sessions; whether there was one.
    pub async fn end(&self, person: PersonId, session: SessionId) -> Result<bool, DbError> {
        let delete = "delete from sessions where person_id = $1 and session_id = $2";
        Ok(self.db.execute(delete, vec![person.uuid().into(), session.uuid().into()]).await? > 0)
    }

    /// Ends all of a person's sessions but this one, if one is named; how many.
    pub async fn end_all(&self, person: PersonId, but: Option<SessionId>) -> Result<u64, DbError> {
        let delete = "delete from sessions where person_id = $1 and session_id <> $2";
        let but = but.unwrap_or_default();
        self.db.execute(delete, vec![person.uuid().into(), but.uuid().into()]).await
    }

    /// Forgets sessions whose time is over, and tokens that are shown no more.
    pub async fn forget(&self, now: DateTime<Utc>) -> Result<u64, DbError> {
        let hide = "update sessions set token = null, once = null where token is not null and created_at <= $1";
        self.db.execute(hide, vec![(now - SHOWN_FOR).into()]).await?;
        self.db.execute("delete from sessions where expires_at <= $1", vec![now.into()]).await
    }
}

const SELECT: &str = "select session_id, person_id, created_at, used_at, expires_at, ends_at, address, client";

fn read(row: &Row) -> Result<Session, DbError> {
    let sealed = |column| Ok::<_, DbError>(row.optional_text(column)?.map(Sealed::from_stored));
    Ok(Session {
        id: row.uuid("session_id")?.into(),
        person: row.uuid("person_id")?.into(),
        created_at: row.time("created_at")?,
        used_at: row.time("used_at")?,
        expires_at: row.time("expires_at")?,
        address: sealed("address")?,
        client: sealed("client")?,
    })
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "create table sessions (
                session_id blob primary key not null, verifier blob not null unique, pepper integer not null,
                person_id blob not null, created_at text not null, used_at text not null, expires_at text not null,
                ends_at text not null, address text, client text
            ) strict, without rowid;
            create index sessions_by_person on sessions (person_id)",
            "alter table sessions add column once text;
            alter table sessions add column token text;
            create unique index sessions_once on sessions (person_id, once)",
        ],
        Engine::Postgres => &[
            "create table sessions (
                session_id uuid primary key, verifier bytea not null unique, pepper integer not null,
                person_id uuid not null, created_at timestamptz not null, used_at timestamptz not null,
                expires_at timestamptz not null, ends_at timestamptz not null, address text, client text
            );
            create index sessions_by_person on sessions (person_id)",
            "alter table sessions add column once text, add column token text;
            create unique index sessions_once on sessions (person_id, once)",
        ],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::{db::engines::Databases, seal::DataKeys};
    use uuid::Uuid;

    use super::*;
    use crate::access::Passwords;

    campanile_events::on_every_engine!(
        a_session_slides_while_it_is_used_and_ends_on_its_last_day,
        a_session_ends_alone_or_with_all_others,
        a_session_begins_with_the_password_of_now_only,
        the_same_request_again_is_given_the_same_session,
    );

    const PERSON: PersonId = PersonId::from_uuid(Uuid::from_u128(1));

    fn noon() -> DateTime<Utc> {
        "2026-12-01T12:00:00Z".parse().expect("a time")
    }

    async fn opened(databases: &Databases) -> Sessions {
        let db = databases.open("a").await;
        let passwords = Passwords::open(Arc::clone(&db)).await.expect("open");
        passwords.keep(PERSON, "a hash".to_owned(), noon()).await.expect("kept");
        Sessions::open(db, &MasterKey::generate()).await.expect("open")
    }

    async fn begun(sessions: &Sessions, now: DateTime<Utc>) -> (Token, Session) {
        let (token, session, _) = sessions.begin(new(PERSON, noon()), now).await.expect("written").expect("begun");
        (token, session)
    }

    fn new<'a>(person: PersonId, password_of: DateTime<Utc>) -> NewSession<'a> {
        NewSession { person, password_of, address: None, client: None, once: None }
    }

    async fn a_session_slides_while_it_is_used_and_ends_on_its_last_day(engine: Engine) {
        let databases = Databases::of(engine);
        let sessions = opened(&databases).await;
        let (token, session) = begun(&sessions, noon()).await;
        let at = async |now| sessions.used(&token, now).await.expect("read");
        let soon = noon() + Duration::seconds(59);
        assert_eq!(at(soon).await, Some(session.clone()), "a use is not written each second");
        assert_eq!(at(noon() + IDLE).await, None, "unused, its time is over");
        let mut now = noon();
        while now < noon() + LONGEST - Duration::hours(11) {
            now += Duration::hours(11);
            let is = at(now).await.expect("it holds");
            assert_eq!((is.used_at, is.expires_at), (now, (now + IDLE).min(noon() + LONGEST)));
        }
        assert!(at(noon() + LONGEST - Duration::seconds(1)).await.is_some());
        assert_eq!(at(noon() + LONGEST).await, None, "used or not");
        let other = Token::generate(TokenKind::Session);
        assert_eq!(sessions.used(&other, soon).await.expect("read"), None);
        assert_eq!(sessions.forget(noon() + LONGEST).await.expect("deleted"), 1);
    }

    async fn a_session_ends_alone_or_with_all_others(engine: Engine) {
        let databases = Databases::of(engine);
        let sessions = opened(&databases).await;
        let mut all = Vec::new();
        for minute in 0..4 {
            all.push(begun(&sessions, noon() + Duration::minutes(minute)).await);
        }
        let now = noon() + Duration::minutes(5);
        let stranger = PersonId::from(Uuid::from_u128(2));
        assert!(!sessions.end(stranger, all[0].1.id).await.expect("nothing"), "another's");
        assert!(sessions.end(PERSON, all[0].1.id).await.expect("ended"));
        assert!(!sessions.end(PERSON, all[0].1.id).await.expect("nothing"));
        assert_eq!(sessions.used(&all[0].0, now).await.expect("read"), None);
        assert_eq!(sessions.end_all(PERSON, Some(all[2].1.id)).await.expect("ended"), 2);
        let left: Vec<_> = sessions.of(PERSON, now).await.expect("read").iter().map(|it| it.id).collect();
        assert_eq!(left, [all[2].1.id]);
        assert_eq!(sessions.end_all(PERSON, None).await.expect("ended"), 1);
        for minute in 0..=MOST {
            begun(&sessions, now + Duration::minutes(minute.into())).await;
        }
        let left = sessions.of(PERSON, now).await.expect("read");
        assert_eq!(
            (left.len(), left.last().map(|it| it.created_at)),
            (MOST as usize, Some(now + Duration::minutes(1)))
        );
    }

    async fn the_same_request_again_is_given_the_same_session(engine: Engine) {
        let databases = Databases::of(engine);
        let sessions = opened(&databases).await;
        let keys = DataKeys::open(databases.open("keys").await, MasterKey::generate()).await.expect("open");
        let key = keys.create(Uuid::from_u128(9), noon()).await.expect("a key");
        let begin = async |once, now| {
            let new = NewSession { once: Some((once, &*key)), ..new(PERSON, noon()) };
            sessions.begin(new, now).await.expect("written").expect("begun")
        };
        let ((first, session, new), (second, same, again)) =
            futures::future::join(begin("a", noon()), begin("a", noon())).await;
        assert!(new != again && session.id == same.id && first.expose() == second.expose(), "one of two began it");
        assert_ne!(begin("b", noon()).await.1.id, session.id, "another request");
        let rows = sessions.db.query("select token from sessions where once = $1", vec!["a".into()]).await;
        assert!(!rows.expect("read")[0].text("token").expect("text").contains(&first.expose()[3..]), "sealed");
        assert!(sessions.end(PERSON, session.id).await.expect("ended"));
        let (_, third, again) = begin("a", noon()).await;
        assert!(third.id != session.id && !again, "what was ended isn't given again");

        let held = begin("c", noon()).await;
        let mut now = noon();
        while now < noon() + SHOWN_FOR {
            now += Duration::hours(8);
            sessions.used(&held.0, now).await.expect("read").expect("it holds");
        }
        let (_, late, again) = begin("c", now).await;
        assert!(!again && late.created_at == now, "for a day");
        sessions.forget(now + Duration::hours(1)).await.expect("written");
        let rows = sessions.db.query("select token from sessions where token is not null", vec![]).await.expect("read");
        assert_eq!(rows.len(), 1, "what is shown no more is forgotten");
    }

    async fn a_session_begins_with_the_password_of_now_only(engine: Engine) {
        let databases = Databases::of(engine);
        let sessions = opened(&databases).await;
        let before = noon() - Duration::microseconds(1);
        assert!(sessions.begin(new(PERSON, before), noon()).await.expect("read").is_none());
        let nobody = Uuid::from_u128(2).into();
        assert!(sessions.begin(new(nobody, noon()), noon()).await.expect("read").is_none());
        assert_eq!(sessions.of(PERSON, noon()).await.expect("read"), []);
    }
}
