//! Breadth first: the way to what is wrong is a shortest one.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use super::{
    moves::{Move, all, make},
    state::{Bounds, State},
};

/// What a search came to.
#[derive(Debug)]
pub struct Searched {
    pub states: usize,
    pub moves: usize,
    /// How many states are an end.
    pub finals: usize,
    /// The first state in which something is wrong, by the way to it.
    pub wrong: Option<String>,
}

/// A state that was reached.
struct Reached {
    from: u32,
    by: Move,
}

/// Makes every possible move from every state that can be reached, and looks for what is wrong in each; then for states from
/// which no end can be reached.
pub fn search(start: State, bounds: Bounds, wrong: impl Fn(&State) -> Option<String>) -> Searched {
    let moves = all();
    let mut seen = HashMap::from([(start.digest(), 0_u32)]);
    let mut reached = vec![Reached { from: 0, by: Move::Wait }];
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut finals = Vec::new();
    let mut queue = VecDeque::from([(0_u32, start)]);
    let told = |reached: &[Reached], finals: &[u32], edges: &[(u32, u32)], wrong: Option<String>| Searched {
        states: reached.len(),
        moves: edges.len(),
        finals: finals.len(),
        wrong,
    };
    while let Some((at, state)) = queue.pop_front() {
        if let Some(wrong) = wrong(&state) {
            let way = way(&reached, at);
            let wrong = format!("{wrong}\nafter {way}\nin {:#?}", state.target());
            return told(&reached, &finals, &edges, Some(wrong));
        }
        if state.is_final() {
            finals.push(at);
        }
        for it in &moves {
            let next = match make(&state, *it, bounds) {
                Ok(Some(next)) => next,
                Ok(None) => continue,
                Err(refused) => {
                    let wrong = format!("{refused}\nby {it:?} after {}", way(&reached, at));
                    return told(&reached, &finals, &edges, Some(wrong));
                }
            };
            let to = match seen.entry(next.digest()) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    let number = reached.len() as u32;
                    new.insert(number);
                    reached.push(Reached { from: at, by: *it });
                    queue.push_back((number, next));
                    number
                }
            };
            if to != at {
                edges.push((at, to));
            }
        }
    }
    let stuck = stuck(reached.len(), &mut edges, &finals);
    let wrong = stuck.map(|at| format!("no end can be reached after {}", way(&reached, at)));
    told(&reached, &finals, &edges, wrong)
}

fn way(reached: &[Reached], mut at: u32) -> String {
    let mut moves = Vec::new();
    while at != 0 {
        let Reached { from, by } = &reached[at as usize];
        moves.push(format!("{by:?}"));
        at = *from;
    }
    moves.reverse();
    moves.join(", ")
}

/// A state from which no final one can be reached: backwards from those, all others must be found.
fn stuck(states: usize, edges: &mut [(u32, u32)], finals: &[u32]) -> Option<u32> {
    edges.sort_unstable_by_key(|(_, to)| *to);
    let mut has_way_out = vec![false; states];
    let mut queue = Vec::from(finals);
    for at in finals {
        has_way_out[*at as usize] = true;
    }
    while let Some(at) = queue.pop() {
        let begin = edges.partition_point(|(_, to)| *to < at);
        for (from, _) in edges[begin..].iter().take_while(|(_, to)| *to == at) {
            if !std::mem::replace(&mut has_way_out[*from as usize], true) {
                queue.push(*from);
            }
        }
    }
    has_way_out.iter().position(|it| !it).map(|at| at as u32)
}
