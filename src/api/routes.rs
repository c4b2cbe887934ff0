//! Every route there is. A new endpoint is one file under its noun, and one line here.

use campanile_events::{key::Scope, person::Role};

use super::{
    accounts, auth, connect, health,
    http::{
        Limited,
        Needs::{self, AnyKey, Nothing, Scope as With, Session},
        Route, delete, get, named, patch, post, put,
    },
    invitations, keys, me, media, openapi, operator, pages, people, platforms, posts, scopes, workspaces,
};

/// Who looks after a workspace's people.
const OWNER: Needs = Needs::Role(Role::Owner);

/// How the process is: what every node answers, whatever its roles.
pub fn health() -> Vec<Route> {
    vec![
        get("/healthz", Nothing, named!("health.healthz"), health::healthz),
        get("/readyz", Nothing, named!("health.readyz"), health::readyz),
        get("/metrics", Nothing, named!("health.metrics"), health::metrics),
    ]
}

/// The routes that clients use.
pub fn all() -> Vec<Route> {
    health().into_iter().chain(clients()).collect()
}

/// What a node answers that has the role `api`.
#[rustfmt::skip]
fn clients() -> Vec<Route> {
    vec![
        get("/v1/openapi.json", Nothing, named!("api.openapi.get"), openapi::get),
        get("/v1/me", AnyKey, named!("api.me.get"), me::get),
        get("/v1/scopes", With(Scope::KeysRead), named!("api.scopes.list"), scopes::list),
        get("/v1/platforms", AnyKey, named!("api.platforms.list"), platforms::list),

        post("/v1/auth/login", Nothing, named!("api.auth.login"), auth::login).keeping_receipts(),
        post("/v1/auth/logout", Session, named!("api.auth.logout"), auth::logout).limited(Limited::Never),
        get("/v1/auth/sessions", Session, named!("api.auth.sessions"), auth::list),
        delete("/v1/auth/sessions", Session, named!("api.auth.end_all_sessions"), auth::end_all).limited(Limited::Never),
        delete("/v1/auth/sessions/{id}", Session, named!("api.auth.end_session"), auth::end),
        post("/v1/auth/password", Session, named!("api.auth.password"), auth::password).keeping_receipts(),
        post("/v1/auth/reset", Nothing, named!("api.auth.reset"), auth::reset).keeping_receipts(),
        get("/join", Nothing, named!("pages.join"), pages::join),
        get("/reset", Nothing, named!("pages.reset"), pages::reset),

        get("/v1/people", OWNER, named!("api.people.list"), people::list),
        patch("/v1/people/{id}", OWNER, named!("api.people.change"), people::change),
        delete("/v1/people/{id}", OWNER, named!("api.people.remove"), people::remove),
        get("/v1/invitations", OWNER, named!("api.invitations.list"), invitations::list),
        post("/v1/invitations", OWNER, named!("api.invitations.make"), invitations::make),
        post("/v1/invitations/accept", Nothing, named!("api.invitations.accept"), invitations::accept).keeping_receipts(),
        delete("/v1/invitations/{id}", OWNER, named!("api.invitations.withdraw"), invitations::withdraw),

        get("/v1/workspaces", Session, named!("api.workspaces.list"), workspaces::list),
        post("/v1/workspaces", Session, named!("api.workspaces.create"), workspaces::create),
        post("/v1/workspaces/{id}/pause", With(Scope::PostsPublish), named!("api.workspaces.pause"), workspaces::pause),
        post("/v1/workspaces/{id}/resume", With(Scope::PostsPublish), named!("api.workspaces.resume"), workspaces::resume),

        get("/v1/keys", With(Scope::KeysRead), named!("api.keys.list"), keys::list),
        post("/v1/keys", With(Scope::KeysWrite), named!("api.keys.create"), keys::create),
        get("/v1/keys/{id}", With(Scope::KeysRead), named!("api.keys.get"), keys::get),
        patch("/v1/keys/{id}", With(Scope::KeysWrite), named!("api.keys.edit"), keys::edit),
        delete("/v1/keys/{id}", With(Scope::KeysWrite), named!("api.keys.revoke"), keys::revoke),
        post("/v1/keys/{id}/rotate", With(Scope::KeysWrite), named!("api.keys.rotate"), keys::rotate),
        get("/v1/keys/{id}/history", With(Scope::KeysRead), named!("api.keys.history"), keys::history),
        post("/v1/keys/revoke-by-secret", Nothing, named!("api.keys.revoke_by_secret"), keys::revoke_by_secret).limited(Limited::Apart),

        get("/v1/accounts", With(Scope::ConnectionsRead), named!("api.accounts.list"), accounts::list),
        get("/v1/accounts/{id}", With(Scope::ConnectionsRead), named!("api.accounts.get"), accounts::get),
        delete("/v1/accounts/{id}", With(Scope::ConnectionsWrite), named!("api.accounts.disconnect"), accounts::disconnect),
        get("/v1/connect/{platform}", With(Scope::ConnectionsWrite), named!("api.connect.begin"), connect::begin),
        post("/v1/connect/{platform}", With(Scope::ConnectionsWrite), named!("api.connect.direct"), connect::direct),

        post("/v1/media/upload-url", With(Scope::MediaUpload), named!("api.media.announce"), media::announce),
        put("/v1/media/{id}/content", Nothing, named!("api.media.receive"), media::receive),
        post("/v1/media/{id}/confirm", With(Scope::MediaUpload), named!("api.media.confirm"), media::confirm),
        get("/v1/media/{id}", With(Scope::MediaUpload), named!("api.media.get"), media::get),

        get("/v1/posts", With(Scope::PostsRead), named!("api.posts.list"), posts::list),
        post("/v1/posts", With(Scope::PostsWrite), named!("api.posts.create"), posts::create),
        post("/v1/posts/validate", With(Scope::PostsWrite), named!("api.posts.validate"), posts::validate),
        get("/v1/posts/{id}", With(Scope::PostsRead), named!("api.posts.get"), posts::get),
        patch("/v1/posts/{id}", With(Scope::PostsWrite), named!("api.posts.edit"), posts::edit),
        delete("/v1/posts/{id}", With(Scope::PostsDelete), named!("api.posts.delete"), posts::delete),
        post("/v1/posts/{id}/schedule", With(Scope::PostsPublish), named!("api.posts.schedule"), posts::schedule),
        post("/v1/posts/{id}/unschedule", With(Scope::PostsPublish), named!("api.posts.unschedule"), posts::unschedule),
        post("/v1/posts/{id}/publish", With(Scope::PostsPublish), named!("api.posts.publish"), posts::publish),
        post("/v1/posts/{id}/cancel", With(Scope::PostsPublish), named!("api.posts.cancel"), posts::cancel),
        post("/v1/posts/{id}/retry", With(Scope::PostsPublish), named!("api.posts.retry"), posts::retry),
        post("/v1/posts/{id}/resolve", With(Scope::PostsPublish), named!("api.posts.resolve"), posts::resolve),
        get("/v1/posts/{id}/results", With(Scope::PostsRead), named!("api.posts.results"), posts::results),
        get("/v1/posts/{id}/history", With(Scope::AuditRead), named!("api.posts.history"), posts::history),
    ]
}

/// The routes that only the folder's socket has: who can open it can read the folder.
#[rustfmt::skip]
pub fn operators() -> Vec<Route> {
    vec![
        get("/operator/log", Nothing, named!("operator.log.state"), operator::state),
        post("/operator/pause", Nothing, named!("operator.pause"), operator::pause),
        post("/operator/resume", Nothing, named!("operator.resume"), operator::resume),
        get("/operator/log/claims", Nothing, named!("operator.log.claims"), operator::claims),
        get("/operator/log/events", Nothing, named!("operator.log.events"), operator::events),
        post("/operator/log/checkpoint", Nothing, named!("operator.log.checkpoint"), operator::checkpoint),
        get("/operator/bundle", Nothing, named!("operator.bundle"), operator::bundle),
        get("/operator/keys", Nothing, named!("operator.keys.list"), operator::keys::list),
        post("/operator/keys", Nothing, named!("operator.keys.create"), operator::keys::create),
        get("/operator/keys/{id}", Nothing, named!("operator.keys.get"), operator::keys::get),
        patch("/operator/keys/{id}", Nothing, named!("operator.keys.edit"), operator::keys::edit),
        get("/operator/keys/{id}/history", Nothing, named!("operator.keys.history"), operator::keys::history),
        post("/operator/keys/{id}/rotate", Nothing, named!("operator.keys.rotate"), operator::keys::rotate),
        delete("/operator/keys/{id}", Nothing, named!("operator.keys.revoke"), operator::keys::revoke),
        get("/operator/people", Nothing, named!("operator.people.list"), operator::people::list),
        post("/operator/people/invite", Nothing, named!("operator.people.invite"), operator::people::invite),
        post("/operator/people/remove", Nothing, named!("operator.people.remove"), operator::people::remove),
        post("/operator/people/reset", Nothing, named!("operator.people.reset"), operator::people::reset),
        get("/operator/peppers", Nothing, named!("operator.peppers.list"), operator::peppers::list),
        post("/operator/peppers", Nothing, named!("operator.peppers.add"), operator::peppers::add),
        delete("/operator/peppers/{version}", Nothing, named!("operator.peppers.retire"), operator::peppers::retire),
        get("/operator/plans", Nothing, named!("operator.plans.list"), operator::plans::list),
        post("/operator/plans", Nothing, named!("operator.plans.set"), operator::plans::set),
        get("/operator/projections", Nothing, named!("operator.projections.status"), operator::projections::status),
        post("/operator/projections/{name}/rebuild", Nothing, named!("operator.projections.rebuild"), operator::projections::rebuild),
    ]
}
