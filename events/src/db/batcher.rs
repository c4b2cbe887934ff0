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
            // Boxed, since one of many runs it: who waits for another's holds no room for it.
            let answers = Box::pin(round(questions)).await;
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
mod tests;
