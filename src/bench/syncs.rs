//! The yardstick of everything that lasts: how often a second a page reaches the disk.

use std::{fs::File, os::unix::fs::FileExt, sync::Arc, time::Duration};

use anyhow::Context;

use super::{Place, Telling, figures::Measured, load::load};

/// As large as a page of PostgreSQL.
const PAGE: [u8; 8_192] = [b'x'; 8_192];

/// One page of a file in the place's folder, written over and over, each time with an `fdatasync`.
pub(super) async fn measure(place: &Place, length: Duration, telling: &dyn Telling) -> anyhow::Result<Measured> {
    let path = place.path().join("syncs");
    let file = Arc::new(File::create(&path).with_context(|| path.display().to_string())?);
    let measured = load("syncs", 1, length, telling, move |_| {
        let file = Arc::clone(&file);
        async move {
            let written = move || file.write_all_at(&PAGE, 0).and_then(|()| file.sync_data());
            Ok(tokio::task::spawn_blocking(written).await??)
        }
    });
    measured.await
}
