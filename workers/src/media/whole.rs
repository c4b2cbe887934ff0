//! Whether bytes are a whole picture or film, and not just its beginning. Nothing is decoded: who cuts a file, or writes a
//! header without a picture, is found by the format's own marks.

use campanile_events::media::{MediaKind, Size};

use super::film::{boxes, chunk};

/// The largest side, in pixels.
const LONGEST_SIDE: u32 = 65_535;
/// The most pixels.
const MOST_PIXELS: u64 = 100_000_000;

/// Whether a size is one that platforms and viewers can take: no side is zero or above 65,535, and at most 100 megapixels.
pub(super) fn is_sane(size: Size) -> bool {
    let sides = 1..=LONGEST_SIDE;
    let pixels = u64::from(size.width) * u64::from(size.height);
    sides.contains(&size.width) && sides.contains(&size.height) && pixels <= MOST_PIXELS
}

/// Whether a picture of `length` bytes goes on to its end. `head` is its beginning, all of it where it is short; `tail` its
/// last bytes.
pub(super) fn is_whole(kind: MediaKind, head: &[u8], tail: &[u8], length: u64) -> bool {
    let all_in_hand = head.len() as u64 == length;
    match kind {
        MediaKind::Png => is_whole_png(head, tail, all_in_hand),
        MediaKind::Jpeg => is_whole_jpeg(head, tail, all_in_hand),
        MediaKind::Gif => tail.iter().rev().find(|byte| **byte != 0) == Some(&b';'),
        MediaKind::Webp => {
            let claimed = head.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
            claimed.is_some_and(|claimed| u64::from(claimed) + 8 <= length)
        }
        MediaKind::Mp4 => false,
    }
}

/// Chunks follow each other to `IEND`, with picture data among them.
fn is_whole_png(head: &[u8], tail: &[u8], all_in_hand: bool) -> bool {
    let (mut rest, mut has_data) = (head.get(8..).unwrap_or_default(), false);
    while let Some((length, kind)) = chunk(rest) {
        let end = (length as usize).saturating_add(12);
        let is_there = rest.len() >= end;
        has_data |= kind == *b"IDAT" && length > 0 && (is_there || !all_in_hand);
        if kind == *b"IEND" && is_there {
            return has_data;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    !all_in_hand && has_data && tail.windows(8).any(|bytes| bytes == b"\0\0\0\0IEND")
}

/// Segments follow each other to the scan, and after it the end is marked. Some cameras write on after that.
fn is_whole_jpeg(head: &[u8], tail: &[u8], all_in_hand: bool) -> bool {
    let mut at = 2;
    while let Some([0xff, marker]) = head.get(at..at + 2) {
        match marker {
            0xff => at += 1,
            0xda => {
                let scan = if all_in_hand { &head[at..] } else { tail };
                return scan.windows(2).any(|bytes| bytes == [0xff, 0xd9]);
            }
            _ => {
                let Some([high, low]) = head.get(at + 2..at + 4) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([*high, *low])).max(2);
            }
        }
    }
    false
}

/// The size of a film's first picture track, from its `moov` box.
pub(super) fn film_size(moov: &[u8]) -> Option<Size> {
    boxes(moov).filter(|(kind, _)| kind == b"trak").find_map(|(_, track)| {
        let media = boxes(track).find(|(kind, _)| kind == b"mdia")?.1;
        let handler = boxes(media).find(|(kind, _)| kind == b"hdlr")?.1;
        if handler.get(8..12) != Some(b"vide") {
            return None;
        }
        let header = boxes(track).find(|(kind, _)| kind == b"tkhd")?.1;
        let [.., a, b, _, _, c, d, _, _] = header else { return None };
        // Both are in 65,536ths of a pixel.
        let (width, height) = (u16::from_be_bytes([*a, *b]).into(), u16::from_be_bytes([*c, *d]).into());
        (width > 0 && height > 0).then_some(Size { width, height })
    })
}
