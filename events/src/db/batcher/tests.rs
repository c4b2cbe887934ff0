use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use futures::future::join_all;
use tokio::sync::Notify;

use super::*;

/// A database that counts its rounds, and holds each up until it is let on.
#[derive(Default)]
struct Held {
    batcher: Batcher<u32, (u32, u32)>,
    begun: AtomicU32,
    asked: Mutex<Vec<Vec<u32>>>,
    on: Notify,
}

impl Held {
    /// The question, with the number of the round that answered it.
    async fn ask(&self, question: u32) -> (u32, u32) {
        let round = |questions: Vec<u32>| async move {
            let number = self.begun.fetch_add(1, Ordering::SeqCst);
            self.asked.lock().expect("whole").push(questions.clone());
            self.on.notified().await;
            questions.into_iter().map(|question| (question, number)).collect()
        };
        self.batcher.ask(question, round).await
    }

    async fn let_one_on(&self) {
        self.on.notify_one();
        settle().await;
    }
}

/// Until every task that can go on has.
async fn settle() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

fn asking(held: &Arc<Held>, questions: impl IntoIterator<Item = u32>) -> Vec<tokio::task::JoinHandle<(u32, u32)>> {
    let ask = |question| {
        let held = Arc::clone(held);
        tokio::spawn(async move { held.ask(question).await })
    };
    questions.into_iter().map(ask).collect()
}

/// Asks so that each question has a round of its own.
async fn busy(held: &Arc<Held>, questions: impl IntoIterator<Item = u32>) -> Vec<tokio::task::JoinHandle<(u32, u32)>> {
    let mut asked = Vec::new();
    for question in questions {
        asked.extend(asking(held, [question]));
        settle().await;
    }
    asked
}

#[tokio::test]
async fn what_is_asked_at_the_same_time_is_asked_in_one_round_though_none_runs() {
    let batcher = Batcher::default().gathering();
    let held = Arc::new(Held { batcher, ..Held::default() });
    let asked = asking(&held, 0..20);
    settle().await;
    assert_eq!(held.begun.load(Ordering::SeqCst), 1);
    held.let_one_on().await;
    for (question, answered) in (0..).zip(join_all(asked).await) {
        assert_eq!(answered.expect("answered"), (question, 0));
    }
}

#[tokio::test]
async fn what_is_asked_meanwhile_is_asked_in_one_round_and_each_question_once() {
    let held = Arc::new(Held::default());
    let first = busy(&held, [100, 101]).await;
    let rest = asking(&held, (0..50).chain(0..50));
    settle().await;
    assert_eq!(held.begun.load(Ordering::SeqCst), 2, "the others wait");
    for _ in 0..3 {
        held.let_one_on().await;
    }
    assert_eq!(held.begun.load(Ordering::SeqCst), 3);
    assert_eq!(held.asked.lock().expect("whole")[2], (0..50).collect::<Vec<_>>());
    for (answered, question) in join_all(rest).await.into_iter().zip((0..50).chain(0..50)) {
        assert_eq!(answered.expect("answered"), (question, 2));
    }
    let answered: Vec<_> = join_all(first).await.into_iter().map(|it| it.expect("answered")).collect();
    assert_eq!(answered, [(100, 0), (101, 1)]);
}

#[tokio::test]
async fn no_answer_is_older_than_its_question() {
    let held = Arc::new(Held::default());
    let before = busy(&held, [1, 2]).await;
    let after = asking(&held, [1]);
    settle().await;
    for _ in 0..3 {
        held.let_one_on().await;
    }
    let rounds =
        async |asked| join_all(asked).await.into_iter().map(|it: Result<(u32, u32), _>| it.expect("answered").1);
    assert!(rounds(after).await.all(|round| round == 2), "not the one that was running");
    assert!(rounds(before).await.all(|round| round < 2));
}

#[tokio::test]
async fn who_stops_waiting_in_mid_round_leaves_nobody_without_an_answer() {
    let held = Arc::new(Held::default());
    let blocking = busy(&held, [100, 101]).await;
    let waiting = asking(&held, 0..20);
    settle().await;
    // The next round is run by one of those who wait: wherever it stops, the others come to their answers.
    held.let_one_on().await;
    for leader in waiting.iter().take(5) {
        leader.abort();
        settle().await;
    }
    for _ in 0..20 {
        held.let_one_on().await;
    }
    for (question, answered) in (0..).zip(join_all(waiting).await) {
        match answered {
            Ok((answered, _)) => assert_eq!(answered, question),
            Err(error) => assert!(error.is_cancelled() && question < 5, "{question}: {error}"),
        }
    }
    drop(join_all(blocking).await);
}

#[tokio::test]
async fn who_waits_beyond_a_full_round_has_the_next() {
    let held = Arc::new(Held::default());
    let blocking = busy(&held, [9_998, 9_999]).await;
    let many = TOGETHER as u32 + 10;
    let waiting = asking(&held, 0..many);
    settle().await;
    for _ in 0..4 {
        held.let_one_on().await;
    }
    let sizes: Vec<_> = held.asked.lock().expect("whole").iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, TOGETHER, 10]);
    for (question, answered) in (0..).zip(join_all(waiting).await) {
        assert_eq!(answered.expect("answered").0, question);
    }
    drop(join_all(blocking).await);
}

#[tokio::test]
async fn who_waits_behind_many_that_are_gone_is_answered() {
    let held = Arc::new(Held::default());
    let blocking = busy(&held, [100, 101]).await;
    let gone = asking(&held, 0..TOGETHER as u32 + 50);
    settle().await;
    let last = asking(&held, [7_777]);
    settle().await;
    gone.iter().for_each(tokio::task::JoinHandle::abort);
    settle().await;
    for _ in 0..3 {
        held.let_one_on().await;
    }
    assert_eq!(join_all(last).await.pop().expect("one").expect("answered"), (7_777, 2));
    drop(join_all(blocking).await);
}

#[tokio::test]
async fn who_has_its_answer_runs_no_round_for_others() {
    let held = Arc::new(Held::default());
    let blocking = busy(&held, [100, 101]).await;
    // The first is asked in the round of the second place; a third comes while both rounds run.
    let first = busy(&held, [1]).await;
    held.let_one_on().await;
    let next = asking(&held, [2, 3]);
    settle().await;
    held.let_one_on().await;
    held.let_one_on().await;
    assert!(first.iter().all(tokio::task::JoinHandle::is_finished), "it waits for nobody else's answer");
    held.let_one_on().await;
    drop((join_all(next).await, join_all(blocking).await));
}

#[tokio::test]
async fn who_waits_too_long_for_others_is_told() {
    let batcher = Arc::new(Batcher::<u32, Result<u32, &str>>::with_patience(Duration::from_millis(20), || Err("late")));
    let ask = |question: u32| {
        let batcher = Arc::clone(&batcher);
        tokio::spawn(async move {
            let never = |_: Vec<u32>| std::future::pending::<Vec<Result<u32, &str>>>();
            batcher.ask(question, never).await
        })
    };
    let mut running = Vec::new();
    for question in [1, 2] {
        running.push(ask(question));
        settle().await;
    }
    assert_eq!(ask(3).await.expect("answered"), Err("late"));
    running.iter().for_each(tokio::task::JoinHandle::abort);
}
