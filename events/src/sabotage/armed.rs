//! What tests have.

use std::{
    env, fs,
    path::PathBuf,
    pin::pin,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use super::{CRASH_AT, CrashPoint, MUTANT, Mutant};

/// After so long a request has left: there is a machine between us and the platform at most.
const HAS_LEFT: Duration = Duration::from_millis(100);

static ORDERS: LazyLock<Option<PathBuf>> = LazyLock::new(|| env::var_os(CRASH_AT).map(PathBuf::from));
static CHOSEN: LazyLock<Option<String>> = LazyLock::new(|| {
    let name = env::var(MUTANT).ok();
    assert!(name.as_deref().is_none_or(|name| Mutant::ALL.iter().any(|it| it.name() == name)), "{MUTANT}: {name:?}");
    name
});
/// The order that was read last, and how often its point was met since.
static MET: Mutex<(String, u32)> = Mutex::new((String::new(), 0));

/// Ends the process, if it is to die here: nothing is unwound, flushed or given back.
pub fn crash_at(point: CrashPoint) {
    let Some(order) = ORDERS.as_ref().and_then(|file| fs::read_to_string(file).ok()) else { return };
    let (name, time) = order.trim().split_once(' ').unwrap_or((order.trim(), "1"));
    if name != point.name() {
        return;
    }
    // Held to the end: what another thread does meanwhile is not to be counted.
    let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
    if met.0 != order {
        *met = (order.clone(), 0);
    }
    met.1 += 1;
    if time == met.1.to_string() {
        eprintln!("crash point {point}, met {} times", met.1);
        std::process::abort();
    }
}

/// Waits for an answer; ends the process, if it is to die here, once the question has left and while the answer is not read.
pub async fn crash_unanswered<T>(point: CrashPoint, asking: impl Future<Output = T>) -> T {
    let mut asking = pin!(asking);
    if ORDERS.is_some() {
        tokio::select! {
            biased;
            answer = &mut asking => return answer,
            () = tokio::time::sleep(HAS_LEFT) => crash_at(point),
        }
    }
    asking.await
}

/// Whether this process breaks that rule.
pub fn mutated(mutant: Mutant) -> bool {
    CHOSEN.as_deref() == Some(mutant.name())
}
