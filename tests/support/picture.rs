//! Pictures as small as they can be.

/// A PNG of this size, as far as anybody looks into it: its chunks, with `filling` bytes, at least one, that could be its pixels.
pub fn png(width: u32, height: u32, filling: usize) -> Vec<u8> {
    let filling = filling.max(1);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend((filling as u32).to_be_bytes());
    bytes.extend(b"IDAT");
    bytes.extend((0..filling).map(|at| (at % 251) as u8));
    bytes.extend(b"\0\0\0\0\0\0\0\0IEND\0\0\0\0");
    bytes
}
