//! Publishing, whole: journal, read models, scheduler, workers and the sandbox, judged by what the sandbox knows to have
//! become visible; in one process on files, and as nodes do it on PostgreSQL and NATS.

/// Makes a test of each setting of every function named, which takes the setting. Once a module.
macro_rules! in_every_setting {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::house::Setting::Embedded).await;
                }
            )+
        }
        mod nodes {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::house::Setting::Nodes).await;
                }
            )+
        }
    };
}

mod asking;
mod doubt;
#[expect(dead_code, reason = "the tests against real platforms need more of the house")]
mod house;
mod media;
mod moments;
mod nodes;
mod pausing;
mod removal;
mod repeats;
mod threads;
