//! Questions that are asked at the same time, asked of the database together.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, oneshot},
    time::Instant,
};

/// How many rounds run at once: while one waits for its answers, another may be asked.
const ROUNDS: usize = 2;
/// How often those who can go on may come to their questions before a round is begun.
const GATHERS: usize = 8;
/// How many askers one round is for.
const TOGETHER: usize = 256;

/// Gathers what is asked at the same time, or while others are being answered, and asks it in one round. Who asks the same
/// gets the same answer, and no answer is older than its question: it is of a round that began later.
///
/// It keeps no task. Who asks when a round may run runs it, for all who wait by then; should that one stop waiting, the
/// others ask again.
///
/// Who asks a database that says nothing waits for as long as the batcher's patience, or the length of the round that it runs.
pub struct Batcher<Q, A> {
    waiting: Mutex<Waiting<Q, A>>,
    rounds: Semaphore,
    patience: Option<(Duration, fn() -> A)>,
    gathers: usize,
}

struct Waiting<Q, A> {
    /// The number of who asks next. They are taken in their order.
    next: u64,
    askers: VecDeque<Asker<Q, A>>,
}

struct Asker<Q, A> {
    number: u64,
    question: Q,
    answer: oneshot::Sender<A>,
}

/// The questions of a round, each once, and who asked each.
type Round<Q, A> = (Vec<Q>, Vec<Vec<oneshot::Sender<A>>>);

impl<Q, A> Default for Batcher<Q, A> {
    fn default() -> Self {
        let waiting = Mutex::new(Waiting { next: 0, askers: VecDeque::new() });
        Self { waiting, rounds: Semaphore::new(ROUNDS), patience: None, gathers: 0 }
    }
}

impl<Q, A> Batcher<Q, A> {
    /// One whose askers wait so long for others' rounds, and have that answer then.
    pub fn with_patience(patience: Duration, over: fn() -> A) -> Self {
        Self { patience: Some((patience, over)), ..Self::default() }
    }

    /// The same where a round is a way to a server, which costs more than what is asked: before one leaves, tasks that can
    /// go on come to their questions, as long as more do.
    #[must_use]
    pub fn gathering(self) -> Self {
        Self { gathers: GATHERS, ..self }
    }
}

impl<Q, A> fmt::Debug for Batcher<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").finish_non_exhaustive()
    }
}

impl<Q: Clone + Eq + Hash, A: Clone> Batcher<Q, A> {
    /// The answer to a question. `round` is given the questions of a round and answers each of them, in their order.
    pub async fn ask<F, R>(&self, question: Q, round: F) -> A
    where
        F: Fn(Vec<Q>) -> R,
        R: Future<Output = Vec<A>>,
    {
        let asked = Instant::now();
        loop {
            let (number, answer) = self.wait(question.clone());
            if let Some(answer) = self.answered(number, answer, asked, &round).await {
                return answer;
            }
        }
    }

    /// The answer, by a round of another's or one that is run here; `None` if who ran it stopped waiting.
    async fn answered<F, R>(
        &self,
        number: u64,
        mut answer: oneshot::Receiver<A>,
        asked: Instant,
        round: &F,
    ) -> Option<A>
    where
        F: Fn(Vec<Q>) -> R,
        R: Future<Output = Vec<A>>,
    {
        loop {
            let place = tokio::select! {
                biased;
                answered = &mut answer => return answered.ok(),
                place = self.rounds.acquire() => place.expect("the semaphore is never closed"),
                over = self.over(asked) => return Some(over),
            };
            self.gathered().await;
            let Some((questions, askers)) = self.take(number) else {
                // A round that runs has it: the next is for others to run.
                drop(place);
                return tokio::select! {
                    biased;
                    answered = answer => answered.ok(),
                    over = self.over(asked) => Some(over),
                };
            };
            let answers = round(questions).await;
            debug_assert_eq!(answers.len(), askers.len(), "each question of a round is answered");
            for (answer, askers) in answers.into_iter().zip(askers) {
                tell(askers, answer);
            }
            // Only now: who is given the place must know whether it has its answer.
            drop(place);
        }
    }

    /// Lets tasks that can go on come to their questions first.
    async fn gathered(&self) {
        let mut before = 0;
        for _ in 0..self.gathers {
            let waiting = self.waiting().askers.len();
            if waiting == before {
                return;
            }
            before = waiting;
            tokio::task::yield_now().await;
        }
    }

    /// The answer of who has waited for too long.
    async fn over(&self, asked: Instant) -> A {
        let Some((patience, over)) = self.patience else { return std::future::pending().await };
        tokio::time::sleep_until(asked + patience).await;
        over()
    }

    fn wait(&self, question: Q) -> (u64, oneshot::Receiver<A>) {
        let (asker, answer) = oneshot::channel();
        let mut waiting = self.waiting();
        let number = waiting.next;
        waiting.next += 1;
        waiting.askers.push_back(Asker { number, question, answer: asker });
        (number, answer)
    }

    /// The next round, as long as this asker still waits for one.
    fn take(&self, number: u64) -> Option<Round<Q, A>> {
        let mut waiting = self.waiting();
        waiting.askers.retain(|asker| !asker.answer.is_closed());
        waiting.askers.front().filter(|first| first.number <= number)?;
        let together = waiting.askers.len().min(TOGETHER);
        let (mut places, mut questions, mut askers) = (HashMap::<Q, usize>::new(), vec![], Vec::<Vec<_>>::new());
        for Asker { question, answer, .. } in waiting.askers.drain(..together) {
            match places.entry(question) {
                Entry::Occupied(place) => askers[*place.get()].push(answer),
                Entry::Vacant(place) => {
                    questions.push(place.key().clone());
                    place.insert(askers.len());
                    askers.push(vec![answer]);
                }
            }
        }
        Some((questions, askers))
    }

    /// What a panicking holder left is whole.
    fn waiting(&self) -> MutexGuard<'_, Waiting<Q, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is gone needs no answer. Nearly always one asks, and then nothing is copied.
fn tell<A: Clone>(mut askers: Vec<oneshot::Sender<A>>, answer: A) {
    let last = askers.pop();
    for asker in askers {
        drop(asker.send(answer.clone()));
    }
    drop(last.map(|asker| asker.send(answer)));
}

#[cfg(test)]
mod tests {
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
    async fn busy(
        held: &Arc<Held>,
        questions: impl IntoIterator<Item = u32>,
    ) -> Vec<tokio::task::JoinHandle<(u32, u32)>> {
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
        let batcher =
            Arc::new(Batcher::<u32, Result<u32, &str>>::with_patience(Duration::from_millis(20), || Err("late")));
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
}
