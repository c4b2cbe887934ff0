//! Threads and first comments: each part is a step of its own.

use campanile_events::{
    post::{Content, TargetStatus},
    seal::Open,
};
use campanile_workers::platforms::sandbox::{Fault, FaultKind};

use crate::house::{House, Setting, quick};

in_every_setting!(a_thread_hangs_together_and_goes_on_after_a_lost_answer, a_refused_comment_is_a_warning,);

fn thread(parts: usize, comment: bool) -> Content<Open> {
    Content {
        body: Open::new("part 0"),
        thread: (1..parts).map(|part| Open::new(format!("part {part}"))).collect(),
        first_comment: comment.then(|| Open::new("a comment")),
        ..Content::default()
    }
}

async fn a_thread_hangs_together_and_goes_on_after_a_lost_answer(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    for class in ["keyed", "searchable"] {
        let account = house.connect(class, class).await;
        house.fault(Fault::next(Some(class), FaultKind::LoseAnswer, 1));
        let post = house.schedule(thread(4, true), &[account], house.clock.now()).await;
        let state = house.ended(post).await;
        assert_eq!(state.targets[0].status(), TargetStatus::Published, "{class}");
        let visible = house.visible(class);
        let texts: Vec<_> = visible.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["part 0", "part 1", "part 2", "part 3", "a comment"], "{class}");
        let id = |at: usize| Some(visible[at].remote_id.clone());
        let replies: Vec<_> = visible.iter().map(|it| it.reply_to.clone()).collect();
        assert_eq!(replies, [None, id(0), id(1), id(2), id(0)], "{class}");
    }
}

async fn a_refused_comment_is_a_warning(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let account = house.connect("calm", "keyed").await;
    let post = house.schedule(thread(1, true), &[account], house.clock.now()).await;
    // The comment is refused, not the post.
    house.fault(Fault::next(Some("calm"), FaultKind::Refuse, 1).after(1));
    let _publishing = house.start().await;
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    assert_eq!(house.visible("calm").len(), 1, "the post without its comment");
    assert!(state.targets[0].warning.is_some(), "the comment's refusal is kept");
}
