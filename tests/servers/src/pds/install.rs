//! Its installation, done once for all test programs.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// Where it is installed, and with what it is run.
pub(super) struct Installed {
    /// The folder of the installation.
    pub home: PathBuf,
    /// The node that it was built for.
    pub node: PathBuf,
}

/// Installs what is not there.
pub(super) fn installed() -> Result<Installed, String> {
    let home = home()?;
    fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    // Several test programs start at once: one installs, the others wait.
    let lock = File::create(home.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let output = Command::new("sh").arg(source("install.sh")).arg(&home).output();
    let output = output.map_err(|error| format!("sh: {error}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("not installed, see {}: {}", home.display(), words.trim()));
    }
    let node = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(Installed { home, node })
}

/// A file that stands beside this one.
pub(super) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pds").join(name)
}

/// `tmp/pds` in the build's folder: it outlives a build's profile, and goes with `cargo clean`.
fn home() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let target = program.ancestors().nth(3).ok_or("this program stands in no build folder")?;
    Ok(target.join("tmp").join("pds"))
}
