//! The flags of the command line, each with its variable.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use serde::Deserialize;

/// Which engine a command is about.
#[derive(Debug, Clone, Default, Args)]
pub struct FolderFlags {
    /// The data folder [default: ./campanile-data]
    #[arg(long, value_name = "FOLDER", env = "CAMPANILE_DATA")]
    pub data: Option<PathBuf>,

    /// The file with the master key [default: master.key in the data folder, made on the first start]
    ///
    /// It seals stored credentials and text, and the verifiers of keys hang on it. Whoever has the data folder and this
    /// file reads everything; whoever loses it reads nothing. `campanile master-key` prints a new one.
    #[arg(long, value_name = "FILE", env = "CAMPANILE_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,

    /// The file with the later peppers of keys [default: peppers in the data folder; none with `--database-url`]
    ///
    /// What the database keeps of keys' secrets is keyed with a pepper. The first follows from the master key;
    /// `campanile peppers add` adds others to this file, sealed with the master key. Nodes that share a database need the same
    /// peppers.
    #[arg(long, value_name = "FILE", env = "CAMPANILE_PEPPER_FILE")]
    pub pepper_file: Option<PathBuf>,

    /// A PostgreSQL database that many nodes share (postgres://…) [default: SQLite in the data folder]
    ///
    /// Each node has a data folder of its own beside it, and all of them the same master key, named by
    /// `--master-key-file`.
    #[arg(long, value_name = "URL", env = "CAMPANILE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,

    /// A file with the same settings [default: campanile.toml in the working folder, if there is one]
    #[arg(long, value_name = "FILE", env = "CAMPANILE_CONFIG")]
    pub config: Option<PathBuf>,
}

/// What `serve` may be told.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeFlags {
    /// Which data folder.
    #[command(flatten)]
    pub folder: FolderFlags,

    /// The address to answer on; port 0 takes a free one [default: 127.0.0.1:8080; without the role api 127.0.0.1:0]
    ///
    /// Every node answers /healthz, /readyz and /metrics there, and one with the role api the API. `serve` prints it.
    #[arg(long, value_name = "ADDRESS", env = "CAMPANILE_LISTEN")]
    pub listen: Option<String>,

    /// NATS servers that carry jobs between nodes (nats://… or tls://…, with commas) [default: within the process]
    #[arg(long, value_name = "URL", env = "CAMPANILE_NATS_URL", hide_env_values = true)]
    pub nats_url: Option<SecretString>,

    /// A file with credentials for NATS, as `nsc` writes it
    #[arg(long, value_name = "FILE", env = "CAMPANILE_NATS_CREDENTIALS_FILE")]
    pub nats_credentials_file: Option<PathBuf>,

    /// A file with the certificates (PEM) to trust NATS by [default: the machine's own]
    #[arg(long, value_name = "FILE", env = "CAMPANILE_NATS_CA_FILE")]
    pub nats_ca_file: Option<PathBuf>,

    /// What this engine is called on NATS, where others use the same servers [default: the log's id]
    ///
    /// All nodes of an engine must agree on it: it stands in the names of the stream and of all subjects.
    #[arg(long, value_name = "NAME", env = "CAMPANILE_NATS_NAME")]
    pub nats_name: Option<String>,

    /// On how many servers of a NATS cluster the stream of jobs is kept, 1 to 5 [default: 1]
    #[arg(long, value_name = "NUMBER", env = "CAMPANILE_NATS_REPLICAS")]
    pub nats_replicas: Option<usize>,

    /// What this process does: any of api,projector,scheduler,worker [default: all]
    #[arg(long, value_name = "ROLES", env = "CAMPANILE_ROLES")]
    pub roles: Option<String>,

    /// How many workers take posts, each of them up to 64 at a time [default: 4]
    #[arg(long, value_name = "NUMBER", env = "CAMPANILE_WORKERS")]
    pub workers: Option<usize>,

    /// The address under which clients reach this engine, where a proxy stands before it
    #[arg(long, value_name = "URL", env = "CAMPANILE_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// Proxies whose word on a client's address is taken: networks such as 10.0.0.0/8, with commas
    #[arg(long, value_name = "NETWORKS", env = "CAMPANILE_TRUSTED_PROXIES")]
    pub trusted_proxies: Option<String>,

    /// Private networks that outgoing requests may reach, with commas [default: none]
    #[arg(long, value_name = "NETWORKS", env = "CAMPANILE_ALLOW_EGRESS")]
    pub allow_egress: Option<String>,

    /// How the log is written, to standard error [default: pretty]
    #[arg(long, value_name = "FORMAT", env = "CAMPANILE_LOG_FORMAT", ignore_case = true)]
    pub log_format: Option<LogFormat>,

    /// A collector that takes traces over OTLP/HTTP, such as `http://127.0.0.1:4318` [default: none]
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,

    /// Time constants in seconds, for tests: `lease=60,settle=120,lookup_gap=60,quiet=60,sweep=10`
    ///
    /// Below their defaults the promise of one post, once, is weaker: `serve` warns of it.
    #[arg(long, value_name = "LIST", env = "CAMPANILE_TIMING")]
    pub timing: Option<String>,

    /// How many requests are usual: `per_minute=60,per_day=10000,unauthenticated_per_minute=600`
    ///
    /// The first two are for keys of which nothing else is said, and for sessions; the third for requests from one address
    /// that nobody answers for. The same on every node.
    #[arg(long, value_name = "LIST", env = "CAMPANILE_LIMITS")]
    pub limits: Option<String>,

    /// Plans that workspaces may have: `free.posts_per_month=100,free.lacks=media+threads` [default: none]
    ///
    /// `campanile plans set` gives a workspace one. The same on every node.
    #[arg(long, value_name = "LIST", env = "CAMPANILE_PLANS")]
    pub plans: Option<String>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}
