//! Parts of lists that no read model holds: each entry has a place in its list, and a cursor is the place of the last one
//! shown, so that it stays where it is while the list grows, and where its entry is gone.

use campanile_projections::page::Page;
use sha2::{Digest, Sha256};

use super::ApiError;

/// Bytes at a cursor's end, which tell it from another list's and from one that was altered.
const MARK: usize = 6;

/// What a list is of, such as `sessions user_…`: a cursor is good for it alone.
#[derive(Debug, Clone)]
pub struct PartOf(pub String);

impl PartOf {
    /// The place that a page goes on after; `None` for the list's beginning.
    ///
    /// # Errors
    /// If the cursor is none of this list.
    pub fn after(&self, page: &Page) -> Result<Option<Vec<u8>>, ApiError> {
        let Some(cursor) = &page.cursor else { return Ok(None) };
        let place = hex::decode(cursor).ok().and_then(|mut bytes| {
            bytes.truncate(bytes.len().checked_sub(MARK)?);
            Some(bytes)
        });
        let own = place.filter(|place| self.cursor(place) == *cursor);
        own.map(Some).ok_or_else(|| ApiError::invalid("cursor", "invalid", "is not a cursor of this list"))
    }

    /// What goes on after this place.
    pub fn cursor(&self, place: &[u8]) -> String {
        let mark = Sha256::new().chain_update((self.0.len() as u64).to_be_bytes()).chain_update(&self.0);
        hex::encode([place, &mark.chain_update(place).finalize()[..MARK]].concat())
    }

    /// A part of what is at hand whole, in the order of the places, and what the next one goes on after.
    ///
    /// # Errors
    /// If the cursor is none of this list.
    pub fn of<T>(
        &self,
        all: impl IntoIterator<Item = T>,
        page: &Page,
        place: impl Fn(&T) -> Vec<u8>,
    ) -> Result<(Vec<T>, Option<String>), ApiError> {
        let after = self.after(page)?;
        let is_ahead = |entry: &T| after.as_ref().is_none_or(|after| place(entry) > *after);
        let mut part: Vec<_> = all.into_iter().filter(is_ahead).skip(page.offset).take(page.limit + 1).collect();
        let is_last = part.len() <= page.limit;
        part.truncate(page.limit);
        let next = part.last().filter(|_| !is_last).map(|last| self.cursor(&place(last)));
        Ok((part, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: usize, offset: usize, cursor: Option<&str>) -> Page {
        Page { limit, offset, cursor: cursor.map(str::to_owned) }
    }

    #[test]
    fn parts_make_the_whole_though_entries_come_and_go() {
        let list = PartOf("numbers".to_owned());
        let part = |all: &[u8], page: &Page| list.of(all.to_vec(), page, |number| vec![*number]);
        let (first, next) = part(&[1, 2, 3, 5], &page(2, 0, None)).expect("a part");
        assert_eq!(first, [1, 2]);
        let next = next.expect("there is more");
        assert_eq!(part(&[0, 1, 3, 4, 5], &page(2, 0, Some(&next))).expect("a part").0, [3, 4], "2 is gone, 4 is new");
        assert_eq!(part(&[1, 2, 3, 5], &page(2, 0, Some(&next))).expect("a part"), (vec![3, 5], None));
        assert_eq!(part(&[1, 2, 3, 5], &page(2, 1, Some(&next))).expect("a part"), (vec![5], None));
        let other = PartOf("letters".to_owned()).cursor(&[2]);
        for wrong in [other.as_str(), "", "AA", "?", &next[1..]] {
            assert!(part(&[1], &page(2, 0, Some(wrong))).is_err(), "{wrong}");
        }
    }
}
