//! What the demo plays.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use campanile_workers::platforms::sandbox::{Fault, FaultKind};
use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::{America::New_York, Europe::Berlin, Tz};
use serde_json::{Value, json};

use super::{
    paint::{Paint, Tone},
    stage::{Stage, id},
    timeline::Timeline,
};
use crate::{
    configuration::Folder,
    engine::log::{open, verify},
};

/// How long the demo waits for what must come.
const PATIENCE: Duration = Duration::from_secs(40);
/// Which statuses need nothing more.
const OVER: [&str; 6] = ["published", "partially_published", "failed", "missed", "unknown", "canceled"];

/// A post of the demo and where it must end.
struct Act {
    name: &'static str,
    id: String,
    accounts: Vec<(&'static str, String)>,
}

pub(super) async fn play(keep: bool) -> anyhow::Result<()> {
    let paint = Paint::of_stdout();
    let folder = tempfile::Builder::new().prefix("campanile-demo-").tempdir().context("no temporary folder")?;
    let path = folder.path().join("data");
    say!("{}", paint.text(Tone::Title, "Campanile: it rings at the right moment, once, and can prove it."));
    say!("");
    let stage = Stage::open(path.clone()).await?;
    say!("  an engine on SQLite in {}", path.display());
    say!("  a sandbox platform on {}", stage.sandbox_url);
    say!("  doubts are settled in seconds here; the usual times are minutes");
    say!("");

    let acts = run(&stage, paint).await?;
    tell_results(&stage, paint, &acts).await?;
    tell_history(&stage, paint, &acts).await?;

    stage.engine.drain(Duration::from_secs(5)).await;
    // The log is read as anybody would read it: from the folder, with nothing running on it.
    drop(stage);
    tell_verification(&path, paint).await?;
    let kept = if keep { Some(folder.keep()) } else { None };
    how_to_go_on(paint, kept);
    Ok(())
}

/// Drafts, schedules, lets things go wrong, and follows it to the end.
async fn run(stage: &Stage, paint: Paint) -> anyhow::Result<Vec<Act>> {
    let harbour = stage.connect("harbour", "keyed").await?;
    let lighthouse = stage.connect("lighthouse", "searchable").await?;
    let pigeon = stage.connect("pigeon", "blind").await?;
    say!("  three accounts: {}", paint.text(Tone::Faint, "what each server offers against a second post"));
    say!("    @harbour     keyed       the same key twice makes one post");
    say!("    @lighthouse  searchable  it can be asked whether a post is there");
    say!("    @pigeon      blind       it can neither be told nor asked");
    say!("");

    let mut timeline = Timeline::new(Arc::clone(stage.engine.core().journal.everywhere()), stage.clock.clone(), paint);
    timeline.skip().await?;
    for (handle, account) in [("@harbour", &harbour), ("@lighthouse", &lighthouse), ("@pigeon", &pigeon)] {
        timeline.accounts.insert(account.parse()?, handle.to_owned());
    }
    timeline.heading();

    let bell = stage.clock.now().trunc_subsecs(0) + chrono::Duration::seconds(5);
    let second = |seconds| bell + chrono::Duration::seconds(seconds);
    let morning = json!({"body": "Good morning from the tower.", "account_ids": [harbour, lighthouse],
        "schedule": local(bell, Berlin)});
    let stubborn = json!({"body": "The platform will refuse this twice.", "account_ids": [harbour],
        "schedule": local(second(1), New_York)});
    let thread = json!({"body": "Three bells: one.", "thread": [{"body": "Two."}, {"body": "Three."}],
        "account_ids": [lighthouse], "schedule": local(second(2), Berlin)});
    let letter = json!({"body": "Into the fog.", "account_ids": [pigeon], "schedule": local(second(3), New_York)});
    let echo = json!({"body": "Sent now; the answer gets lost.", "account_ids": [lighthouse], "publish": true});

    stage.sandbox.add_fault(Fault::next(Some("pigeon"), FaultKind::LoseAnswer, 1));
    stage.sandbox.add_fault(Fault::next(Some("lighthouse"), FaultKind::LoseAnswer, 1));
    let mut acts = Vec::new();
    let (to_harbour, to_lighthouse) = (("@harbour", harbour), ("@lighthouse", lighthouse));
    for (name, body, accounts) in [
        ("echo", echo, vec![to_lighthouse.clone()]),
        ("morning", morning, vec![to_harbour.clone(), to_lighthouse.clone()]),
        ("stubborn", stubborn, vec![to_harbour]),
        ("thread", thread, vec![to_lighthouse]),
        ("letter", letter, vec![("@pigeon", pigeon)]),
    ] {
        let post = id(&stage.ask("POST", "/v1/posts", Some(body)).await?)?;
        timeline.posts.insert(post.parse()?, name.to_owned());
        acts.push(Act { name, id: post, accounts });
        timeline.tell().await?;
    }

    // Once the morning's call is through, the next two to the harbour are refused.
    let refuse_from = second(0) + chrono::Duration::milliseconds(500);
    let mut refused = false;
    let mut ended = vec![false; acts.len()];
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while ended.iter().any(|ended| !ended) {
        ensure!(tokio::time::Instant::now() < deadline, "the posts came to no end");
        if !refused && stage.clock.now() >= refuse_from {
            let fault = FaultKind::ErrorBefore { status: 503 };
            stage.sandbox.add_fault(Fault::next(Some("harbour"), fault, 2));
            refused = true;
        }
        for (act, ended) in acts.iter().zip(&mut ended).filter(|(_, ended)| !**ended) {
            let status = status(stage, &act.id).await?;
            if status == "unknown" {
                timeline.tell().await?;
                settle(stage, paint, act).await?;
            } else {
                *ended = OVER.contains(&status.as_str());
            }
        }
        timeline.tell().await?;
        timeline.countdown();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    timeline.tell().await?;
    say!("");
    Ok(acts)
}

/// An unknown target is never sent again by itself. Here a person looks, and says what is there.
async fn settle(stage: &Stage, paint: Paint, act: &Act) -> anyhow::Result<()> {
    let (handle, account) = act.accounts.first().context("an act has an account")?;
    let name = handle.trim_start_matches('@');
    let seen = stage.sandbox.visible().into_iter().find(|it| it.account == name);
    let note = format!("a person looks at {handle}'s page: {}", if seen.is_some() { "it is there" } else { "nothing" });
    say!("  {}", paint.text(Tone::Faint, &format!("{:27}{note}", "")));
    let body = match seen {
        Some(seen) => {
            let url = format!("{}{}", stage.sandbox_url, seen.url);
            json!({"account_id": account, "outcome": "published", "url": url})
        }
        None => json!({"account_id": account, "outcome": "not_published", "then": "resend"}),
    };
    stage.ask("POST", &format!("/v1/posts/{}/resolve", act.id), Some(body)).await?;
    Ok(())
}

async fn status(stage: &Stage, post: &str) -> anyhow::Result<String> {
    let post = stage.ask("GET", &format!("/v1/posts/{post}"), None).await?;
    Ok(post["status"].as_str().context("a post has a status")?.to_owned())
}

/// What the engine says beside what the platform knows: one post each.
async fn tell_results(stage: &Stage, paint: Paint, acts: &[Act]) -> anyhow::Result<()> {
    say!("{}", paint.text(Tone::Title, "What the engine says, and what the platform knows to be visible"));
    say!("");
    say!("  {:<10} {:<12} {:<10} {:>8} {:>16}", "post", "account", "status", "attempts", "live / expected");
    let visible = stage.sandbox.visible();
    for act in acts {
        let post = stage.ask("GET", &format!("/v1/posts/{}", act.id), None).await?;
        let parts = 1 + post["thread"].as_array().map_or(0, Vec::len);
        let texts: Vec<_> = std::iter::once(&post["body"])
            .chain(post["thread"].as_array().into_iter().flatten().map(|part| &part["body"]))
            .filter_map(Value::as_str)
            .collect();
        for (handle, account) in &act.accounts {
            let targets = post["targets"].as_array().context("a post has targets")?;
            let target = targets.iter().find(|it| it["account_id"] == account.as_str());
            let target = target.context("a post has its account's target")?;
            let name = handle.trim_start_matches('@');
            let live = visible.iter().filter(|it| it.account == name && texts.contains(&it.text.as_str())).count();
            let status = target["status"].as_str().unwrap_or("?");
            say!(
                "  {:<10} {handle:<12} {} {:>8} {:>16}",
                act.name,
                paint.text(Tone::Good, &format!("{status:<10}")),
                target["attempts"],
                format!("{live} / {parts}"),
            );
            ensure!(status == "published", "{} on {handle} is {status}", act.name);
            ensure!(live == parts, "{} on {handle}: {live} live, not {parts}", act.name);
        }
    }
    say!("");
    Ok(())
}

async fn tell_history(stage: &Stage, paint: Paint, acts: &[Act]) -> anyhow::Result<()> {
    let act = acts.iter().find(|act| act.name == "stubborn").context("the act is played")?;
    say!("{}", paint.text(Tone::Title, "The audited history of the post that was refused twice"));
    say!("");
    let history = stage.ask("GET", &format!("/v1/posts/{}/history", act.id), None).await?;
    for event in history["data"].as_array().context("a history is a list")? {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let leaf: String = text("leaf_hash").chars().take(12).collect();
        say!(
            "  {:>6}  {}  {:<30} {:<32} leaf {leaf}…",
            text("position"),
            text("at"),
            text("type"),
            paint.text(Tone::Faint, &format!("{:<32}", text("actor"))),
        );
    }
    say!("");
    Ok(())
}

async fn tell_verification(folder: &Path, paint: Paint) -> anyhow::Result<()> {
    say!("{}", paint.text(Tone::Title, "Is the log whole, and did nobody alter it?"));
    say!("");
    let copy = std::fs::read_to_string(folder.join("checkpoint")).context("no signed checkpoint")?;
    let log = open(&Folder::embedded(folder.to_owned())).await?;
    let report = verify(log.as_ref(), Some(copy)).await?;
    for finding in &report.findings {
        let (tone, word) = if finding.ok { (Tone::Good, "ok") } else { (Tone::Bad, "FAILED") };
        say!("  {:<12} {} {}", finding.check, paint.text(tone, &format!("{word:<7}")), finding.text);
    }
    say!("");
    ensure!(report.ok, "the log is not what it was signed as");
    let words = format!("verified: {} events, root {}…", report.events, report.root.get(..16).unwrap_or_default());
    say!("  {}", paint.text(Tone::Good, &words));
    say!("");
    Ok(())
}

fn how_to_go_on(paint: Paint, kept: Option<PathBuf>) {
    say!("{}", paint.text(Tone::Title, "How to go on"));
    say!("");
    if let Some(kept) = kept {
        say!("  look at what was written     campanile log tail --data {}", kept.join("data").display());
    }
    say!("  make an engine of your own   campanile init --email you@example.com");
    say!("  run it                       campanile serve");
    say!("  write a first post           see README.md: five minutes with curl");
}

/// A due time as a person would say it.
fn local(at: DateTime<Utc>, zone: Tz) -> Value {
    let local = at.with_timezone(&zone).naive_local();
    json!({"local_time": local.format("%Y-%m-%dT%H:%M:%S").to_string(), "time_zone": zone.name()})
}
