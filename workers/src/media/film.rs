//! The boxes of a film, as they come by: of its many bytes only the table of contents is kept.

/// The longest `moov` that is read: many times what a film of 100 MiB has.
const LONGEST_MOOV: u64 = 16 * 1024 * 1024;

/// A film's top-level boxes.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "what has been seen of a stream, each by itself")]
pub(super) struct Film {
    header: Vec<u8>,
    /// How much of the box at hand is to come.
    missing: u64,
    collects: bool,
    moov: Vec<u8>,
    has_pictures: bool,
    to_the_end: bool,
    broken: bool,
}

impl Film {
    /// Takes the next bytes.
    pub(super) fn take(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() && !self.broken {
            if self.missing == 0 {
                self.header.push(piece[0]);
                piece = &piece[1..];
                self.begin();
                continue;
            }
            let now = usize::try_from(self.missing).unwrap_or(usize::MAX).min(piece.len());
            if self.collects {
                self.moov.extend_from_slice(&piece[..now]);
            }
            self.missing -= now as u64;
            piece = &piece[now..];
        }
    }

    fn begin(&mut self) {
        let Some((short, kind)) = chunk(&self.header) else { return };
        let length = match (short, self.header.get(8..16)) {
            (0, _) => u64::MAX,
            (1, None) => return,
            (1, Some(long)) => u64::from_be_bytes(long.try_into().expect("eight bytes")),
            _ => u64::from(short),
        };
        let Some(missing) = length.checked_sub(self.header.len() as u64) else {
            self.broken = true;
            return;
        };
        self.to_the_end = short == 0;
        self.collects = kind == *b"moov";
        self.broken = self.collects && (missing > LONGEST_MOOV || !self.moov.is_empty());
        self.has_pictures |= kind == *b"mdat" && missing > 0;
        self.missing = missing;
        self.header.clear();
    }

    /// The table of contents of a film whose boxes are all there.
    pub(super) fn end(self) -> Option<Vec<u8>> {
        let whole = self.header.is_empty() && (self.missing == 0 || self.to_the_end && !self.collects);
        (whole && !self.broken && self.has_pictures && !self.moov.is_empty()).then_some(self.moov)
    }
}

/// The boxes within a box, as far as they are whole.
pub(super) fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (length, kind) = chunk(bytes)?;
        let inner = bytes.get(8..length as usize)?;
        bytes = &bytes[length as usize..];
        Some((kind, inner))
    })
}

/// The length and the name with which a piece of a PNG or a film begins.
pub(super) fn chunk(bytes: &[u8]) -> Option<(u32, [u8; 4])> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    Some((length, bytes.get(4..8)?.try_into().ok()?))
}
