//! Every role on every route.

use campanile_events::{key::Scope, person::Role};
use serde_json::json;

use crate::api::{
    http::{Needs, Route},
    routes,
    tests::fixture::Api,
};

const OPERATIONS: &str = include_str!("../../../../OPERATIONS.md");

/// A path of the route that leads to nothing: what is asked is who may, not what follows.
fn path(route: &Route) -> String {
    route.path.replace("{id}", "nothing").replace("{platform}", "nowhere")
}

#[tokio::test]
async fn every_role_is_let_in_where_its_scopes_say_and_nowhere_else() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let mut opened = 0;
    for role in Role::ALL {
        let email = format!("{role}@example.com");
        let token = api.joined(&owner, &email, role.as_str()).await;
        let mut tokens = vec![token];
        for (number, route) in routes::all().iter().enumerate() {
            if number % 30 == 29 {
                // A session has sixty requests a minute.
                tokens.push(api.login(&email, Api::PASSWORD).await);
            }
            let token = tokens.last().expect("one");
            let (lacks, may) = match route.needs {
                Needs::Scope(scope) => (Some(scope), role.allows(scope)),
                Needs::Role(needed) => (None, needed == role),
                Needs::Nothing | Needs::AnyKey | Needs::Session => continue,
            };
            let answered = api.call_by(token, route.method.as_str(), &path(route), json!({})).await;
            let refused = (answered.status(), answered.code()) == (403, "forbidden_role");
            assert_eq!(refused, !may, "{role} {route:?}: {}", answered.body);
            opened += usize::from(may);
            assert!(!matches!(answered.status(), 401 | 429), "{role} {route:?}: {}", answered.body);
            if refused {
                assert_eq!(answered.body["error"]["role"], role.as_str());
                assert_eq!(answered.body["error"]["scope"], json!(lacks.map(Scope::as_str)), "{route:?}");
            }
        }
    }
    assert!(opened > 60, "{opened}");
}

#[tokio::test]
async fn a_key_is_nobody_who_may_look_after_people() {
    let api = Api::start().await;
    let all = routes::all();
    let of_people = all.iter().filter(|route| matches!(route.needs, Needs::Session | Needs::Role(_)));
    let mut asked = 0;
    for route in of_people {
        let refused = api.call(route.method.as_str(), &path(route), json!({})).await;
        assert_eq!((refused.status(), refused.code()), (403, "forbidden_role"), "{route:?}: {}", refused.body);
        asked += 1;
    }
    assert!(asked > 10, "{asked}");
}

#[test]
fn the_table_of_roles_in_the_docs_is_that_of_the_code() {
    let table = OPERATIONS.split("<!-- roles -->").nth(1).expect("the table stands between two marks");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let [head, _, rows @ ..] = &rows[..] else { panic!("no table: {table}") };
    assert_eq!(head[1..], Role::ALL.map(Role::as_str));
    let named: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(named, Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>());
    for (row, scope) in rows.iter().zip(Scope::ALL) {
        let may = Role::ALL.map(|role| if role.allows(*scope) { "yes" } else { "" });
        assert_eq!(row[1..], may, "{scope}");
    }
}
