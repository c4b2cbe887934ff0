use std::{
    env,
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    process,
    sync::{Mutex, PoisonError},
};

/// Where no connection begins: Linux takes the near ends of connections from 32,768 on, unless told otherwise.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;
/// How far apart two processes begin to look.
const STRIDE: u32 = 37;

/// This process's ports, each with the file whose lock says so.
static OURS: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A loopback port of this process's own, until it ends: no other test gets it and no connection begins there, also while
/// the server that was started on it is down. Whoever looks for that server finds it, or nobody.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let folder = env::temp_dir().join("campanile-test-ports");
    fs::create_dir_all(&folder).expect("a folder for ports");
    let begin = u16::try_from(process::id().wrapping_mul(STRIDE) % u32::from(COUNT)).expect("less than the count");
    let mut ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
    for step in 0..COUNT {
        let port = FIRST + (begin + step) % COUNT;
        let Ok(file) = File::create(folder.join(port.to_string())) else { continue };
        if file.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            ours.push(file);
            return port;
        }
    }
    panic!("no free port on 127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let ports: Vec<_> = (0..50).map(|_| free_port()).collect();
        let mut different = ports.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), ports.len(), "{ports:?}");
    }
}
