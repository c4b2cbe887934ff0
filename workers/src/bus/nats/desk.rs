//! The jobs in hand on this node, and the workers that wait.
//!
//! A target is in one worker's hand at a time here, whatever the server delivers twice.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};

use super::{super::Job, engine::Held};

/// How long a job that has left is remembered: who was refused, because its message was still in the stream, says so
/// within this time, and the job is put anew.
const REMEMBERED: Duration = Duration::from_secs(1);
/// How many jobs are kept here while the server is away; the sweeper brings the others.
const MOST_HERE: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Desk {
    table: Mutex<Table>,
    asked: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<String, Entry>,
    takers: VecDeque<oneshot::Sender<Held>>,
    here: VecDeque<String>,
    numbers: u64,
}

#[derive(Debug)]
struct Entry {
    job: Job,
    /// Where its message is acknowledged; `None` if it never was on the server, or the stream it came from is gone.
    reply: Option<String>,
    /// Tells one time in hand from the next.
    number: u64,
    /// It was put while it was in hand.
    again: bool,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It waits for a worker of this node, since the server is away.
    WaitsHere,
    InHand,
    /// Its ack is on the way.
    Leaving,
    Left(Instant),
}

/// A job about to leave.
#[derive(Debug)]
pub(super) struct Leaving {
    pub reply: Option<String>,
    pub again: bool,
    pub job: Job,
}

impl Desk {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Each critical section leaves it whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a delivered job in hand and answers its number; `None` if it is in hand already.
    pub fn hold(&self, key: &str, job: &Job, reply: &str) -> Option<u64> {
        let mut table = self.table();
        if let Some(entry) = table.entries.get_mut(key) {
            match entry.place {
                // Delivered twice: from now on the newer delivery is acknowledged.
                Place::InHand | Place::WaitsHere => {
                    entry.reply = Some(reply.to_owned());
                    return None;
                }
                Place::Leaving | Place::Left(_) => {}
            }
        }
        let number = table.number();
        let entry =
            Entry { job: job.clone(), reply: Some(reply.to_owned()), number, again: false, place: Place::InHand };
        table.entries.insert(key.to_owned(), entry);
        Some(number)
    }

    /// Notes that a target in hand here was put again; answers whether it is in hand.
    pub fn again(&self, key: &str) -> bool {
        let mut table = self.table();
        match table.entries.get_mut(key) {
            Some(entry) if matches!(entry.place, Place::InHand | Place::Leaving) => {
                entry.again = true;
                true
            }
            Some(entry) => entry.place == Place::WaitsHere,
            None => false,
        }
    }

    /// The job of a target that left a moment ago: who was refused on its account wants it put anew.
    pub fn left_just_now(&self, key: &str) -> Option<Job> {
        let mut table = self.table();
        let left = table.entries.get(key).is_some_and(|entry| matches!(entry.place, Place::Left(_)));
        left.then(|| table.entries.remove(key)).flatten().map(|entry| entry.job)
    }

    /// Lets a job go out of hand.
    pub fn leave(&self, key: &str, number: u64) -> Option<Leaving> {
        let mut table = self.table();
        let entry = table.entries.get_mut(key).filter(|entry| entry.number == number)?;
        entry.place = Place::Leaving;
        Some(Leaving { reply: entry.reply.clone(), again: entry.again, job: entry.job.clone() })
    }

    /// A job's message has left the stream. Answers the job if it was put meanwhile.
    pub fn left(&self, key: &str, number: u64) -> Option<Job> {
        let mut table = self.table();
        let entry = table.entries.get_mut(key).filter(|entry| entry.number == number)?;
        if !entry.again {
            entry.place = Place::Left(Instant::now());
            return None;
        }
        table.entries.remove(key).map(|entry| entry.job)
    }

    /// A job goes back to the stream.
    pub fn forget(&self, key: &str, number: u64) {
        let mut table = self.table();
        if table.entries.get(key).is_some_and(|entry| entry.number == number) {
            table.entries.remove(key);
        }
    }

    /// Where the messages of all jobs in hand are acknowledged. Forgets what left long enough ago.
    pub fn replies(&self) -> Vec<String> {
        let mut table = self.table();
        table.entries.retain(|_, entry| !matches!(entry.place, Place::Left(at) if at.elapsed() > REMEMBERED));
        table.entries.values().filter(|entry| entry.place == Place::InHand).filter_map(|it| it.reply.clone()).collect()
    }

    /// The stream they came from is gone: their acks would fall on other messages of the new one.
    pub fn orphan_all(&self) {
        for entry in self.table().entries.values_mut() {
            entry.reply = None;
        }
    }

    /// How many are in hand, or leaving.
    pub fn busy(&self) -> usize {
        let table = self.table();
        table.entries.values().filter(|it| matches!(it.place, Place::InHand | Place::Leaving)).count()
    }

    /// Keeps a job for a worker of this node, if there are workers here and there is room.
    pub fn keep_here(&self, key: &str, job: &Job) -> bool {
        // Read before the table is locked: who watches it looks at the table.
        let workers = *self.asked.borrow() > 0;
        let mut table = self.table();
        if !workers || table.here.len() >= MOST_HERE {
            return false;
        }
        if table.entries.get(key).is_none_or(|entry| !matches!(entry.place, Place::WaitsHere)) {
            let number = table.number();
            let entry = Entry { job: job.clone(), reply: None, number, again: false, place: Place::WaitsHere };
            table.entries.insert(key.to_owned(), entry);
            table.here.push_back(key.to_owned());
        }
        true
    }

    /// The next job that is kept here, in hand now, if a worker waits.
    pub fn next_here(&self) -> Option<(String, u64, Job)> {
        let mut table = self.table();
        table.takers.retain(|taker| !taker.is_closed());
        if table.takers.is_empty() {
            return None;
        }
        let key = table.here.pop_front()?;
        let entry = table.entries.get_mut(&key)?;
        entry.place = Place::InHand;
        Some((key, entry.number, entry.job.clone()))
    }

    /// How many are kept here.
    pub fn waiting_here(&self) -> usize {
        self.table().here.len()
    }

    /// Asks for a job.
    pub fn ask(&self) -> oneshot::Receiver<Held> {
        let (give, get) = oneshot::channel();
        self.table().takers.push_back(give);
        self.asked.send_modify(|asked| *asked += 1);
        get
    }

    /// Every time that somebody asks.
    pub fn asked(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// How many ask.
    pub fn takers(&self) -> usize {
        let mut table = self.table();
        table.takers.retain(|taker| !taker.is_closed());
        table.takers.len()
    }

    /// Gives a job to who asked first; the job comes back if nobody does.
    pub fn give(&self, mut held: Held) -> Option<Held> {
        loop {
            let Some(taker) = self.table().takers.pop_front() else { return Some(held) };
            match taker.send(held) {
                Ok(()) => return None,
                Err(back) => held = back,
            }
        }
    }
}

impl Table {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}
