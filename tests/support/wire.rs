//! The way from one program to another.

use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A way to an address that can be cut: what goes over it breaks, and nobody comes through until it is mended.
#[derive(Debug)]
pub struct Wire {
    address: String,
    whole: Arc<watch::Sender<bool>>,
}

impl Wire {
    /// A way to `target`, such as `127.0.0.1:4222`.
    #[expect(clippy::disallowed_methods, reason = "the way leads to a server of the test's own")]
    pub async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let whole = Arc::new(watch::Sender::new(true));
        let state = Arc::clone(&whole);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut state = state.subscribe();
                if !*state.borrow() {
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|whole| !whole) => {}
                    }
                });
            }
        });
        Self { address, whole }
    }

    /// Where it begins.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Cuts it.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Mends it: who comes from now on gets through.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}
