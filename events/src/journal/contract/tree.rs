//! The tree in the head row.

use super::given::{Log, append, post};
use crate::{
    journal::Hash,
    merkle::{Leaf, leaf_hash, root_of},
};

pub(super) async fn the_heads_root_is_that_of_all_leaves(mut log: Log) {
    assert_eq!(log.head().await.root, root_of(&[]));
    for round in 0..12 {
        log.put(append(post(1), round * 3, 3)).await;
        let appends = (0..round).map(|number| {
            let stream = post(u128::from(100 * round + number + 2));
            log.journal.append(append(stream, 0, 1 + number as usize % 4))
        });
        for answer in futures::future::join_all(appends).await {
            answer.expect("the append goes in");
        }
        assert!(log.journal.append(append(post(1), 0, 7)).await.is_err());
        let leaves: Vec<Hash> = log
            .all()
            .await
            .iter()
            .map(|event| {
                assert_eq!(event.leaf_hash, leaf_hash(&Leaf::of(event)), "the stored leaf is the stored event's");
                event.leaf_hash
            })
            .collect();
        assert_eq!(log.head().await.root, root_of(&leaves));
        if round % 4 == 3 {
            log = log.reopen().await;
        }
    }
}
