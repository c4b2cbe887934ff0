//! Links that are good for once: an invitation's, and one to set another password. Kept is a keyed digest, beside the
//! journal; what a link is for stands in its row.

use std::sync::Arc;

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::WorkspaceId,
    seal::MasterKey,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::token::{Pepper, Token, TokenKind};

const OWNER: &str = "links";
const PEPPER: (u32, &str) = (1, "links");

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Coming into a workspace by the invitation of this id.
    Invitation,
    /// Setting another password for the person of this id.
    Reset,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }
}

/// A link that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The invitation or the person.
    pub subject: Uuid,
    /// The invitation's workspace; the one that the person's record is in.
    pub workspace: WorkspaceId,
}

/// The links.
#[derive(Debug)]
pub struct Links {
    db: Arc<dyn Database>,
    pepper: Pepper,
}

impl Links {
    /// The links in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, master: &MasterKey) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, pepper: Pepper::of(master, PEPPER.1) })
    }

    /// Keeps a link; one before it for the same thing holds no longer.
    pub async fn keep(
        &self,
        token: &Token,
        purpose: Purpose,
        link: Link,
        expires_at: DateTime<Utc>,
    ) -> Result<(), DbError> {
        let mut transaction = self.db.begin().await?;
        let delete = "delete from links where subject = $1 and purpose = $2";
        transaction.execute(delete, vec![link.subject.into(), purpose.as_str().into()]).await?;
        let insert = "insert into links (verifier, pepper, purpose, subject, workspace_id, expires_at) \
                      values ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            self.pepper.digest(token.expose()).into(),
            PEPPER.0.into(),
            purpose.as_str().into(),
            link.subject.into(),
            link.workspace.uuid().into(),
            expires_at.into(),
        ];
        transaction.execute(insert, values).await?;
        transaction.commit().await
    }

    /// What a link is for, if it holds.
    pub async fn find(&self, token: &str, purpose: Purpose, now: DateTime<Utc>) -> Result<Option<Link>, DbError> {
        let Ok(token) = Token::read(TokenKind::Link, token) else { return Ok(None) };
        let select = "select subject, workspace_id from links \
                      where verifier = $1 and pepper = $2 and purpose = $3 and expires_at > $4";
        let rows = self.db.query(select, self.place(&token, purpose, now)).await?;
        let link = rows.first().map(|row| {
            Ok::<_, DbError>(Link { subject: row.uuid("subject")?, workspace: row.uuid("workspace_id")?.into() })
        });
        link.transpose()
    }

    /// Uses a link up. Of several who come with it, one is told that they may.
    pub async fn take(&self, token: &str, purpose: Purpose, now: DateTime<Utc>) -> Result<bool, DbError> {
        let Ok(token) = Token::read(TokenKind::Link, token) else { return Ok(false) };
        let delete = "delete from links where verifier = $1 and pepper = $2 and purpose = $3 and expires_at > $4";
        Ok(self.db.execute(delete, self.place(&token, purpose, now)).await? > 0)
    }

    /// Takes back whatever link there is for a thing.
    pub async fn withdraw(&self, subject: Uuid, purpose: Purpose) -> Result<(), DbError> {
        let delete = "delete from links where subject = $1 and purpose = $2";
        self.db.execute(delete, vec![subject.into(), purpose.as_str().into()]).await.map(drop)
    }

    /// Forgets links whose time is over.
    pub async fn forget(&self, now: DateTime<Utc>) -> Result<u64, DbError> {
        self.db.execute("delete from links where expires_at <= $1", vec![now.into()]).await
    }

    fn place(&self, token: &Token, purpose: Purpose, now: DateTime<Utc>) -> Vec<campanile_events::db::Value> {
        vec![self.pepper.digest(token.expose()).into(), PEPPER.0.into(), purpose.as_str().into(), now.into()]
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table links (
                verifier blob primary key not null, pepper integer not null, purpose text not null,
                subject blob not null, workspace_id blob not null, expires_at text not null
            ) strict, without rowid;
            create index links_by_subject on links (subject)"],
        Engine::Postgres => &["create table links (
                verifier bytea primary key, pepper integer not null, purpose text not null,
                subject uuid not null, workspace_id uuid not null, expires_at timestamptz not null
            );
            create index links_by_subject on links (subject)"],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;
    use chrono::Duration;

    use super::*;

    campanile_events::on_every_engine!(a_link_is_good_for_once_in_its_time_and_for_one_purpose);

    async fn a_link_is_good_for_once_in_its_time_and_for_one_purpose(engine: Engine) {
        let databases = Databases::of(engine);
        let links = Links::open(databases.open("a").await, &MasterKey::generate()).await.expect("open");
        let noon: DateTime<Utc> = "2026-12-01T12:00:00Z".parse().expect("a time");
        let end = noon + Duration::days(7);
        let link = Link { subject: Uuid::from_u128(7), workspace: Uuid::from_u128(9).into() };
        let (first, second) = (Token::generate(TokenKind::Link), Token::generate(TokenKind::Link));
        links.keep(&first, Purpose::Invitation, link, end).await.expect("kept");
        links.keep(&second, Purpose::Invitation, link, end).await.expect("kept");
        let found = async |token: &Token, purpose, now| links.find(token.expose(), purpose, now).await.expect("read");
        assert_eq!(found(&first, Purpose::Invitation, noon).await, None, "the next took its place");
        assert_eq!(found(&second, Purpose::Invitation, noon).await, Some(link));
        assert_eq!(found(&second, Purpose::Reset, noon).await, None);
        assert_eq!(found(&second, Purpose::Invitation, end).await, None);
        let taken = async |purpose, now| links.take(second.expose(), purpose, now).await.expect("deleted");
        assert!(!taken(Purpose::Reset, noon).await && !taken(Purpose::Invitation, end).await);
        let both = futures::future::join(taken(Purpose::Invitation, noon), taken(Purpose::Invitation, noon)).await;
        assert!(both.0 != both.1, "one of two: {both:?}");
        links.keep(&first, Purpose::Reset, link, end).await.expect("kept");
        links.withdraw(link.subject, Purpose::Reset).await.expect("deleted");
        assert_eq!(found(&first, Purpose::Reset, noon).await, None);
    }
}
