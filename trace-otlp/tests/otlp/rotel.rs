//! A real collector: `rotel`, from PyPI. It is looked for where the variable `ROTEL_AGENT` says, else where `.ci/rotel` installs
//! it.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::address::own_address;
use crate::http_receiver::{HttpReceiver, PATIENCE};

/// The program; `None`, with a word on why, where it cannot be had.
pub(crate) fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("ROTEL_AGENT") {
        return Some(path.into());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/rotel");
    match Command::new(&script).stderr(Stdio::inherit()).output() {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap().trim_end().into()),
        outcome => {
            eprintln!("SKIPPED: there is no collector; {} says: {outcome:?}", script.display());
            None
        }
    }
}

/// The collector while it runs; it is ended by its own id.
pub(crate) struct Collector {
    child: Child,
    directory: PathBuf,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Collector {
    /// Starts the collector so that it sends everything on to `next`.
    pub(crate) fn start(program: &Path, next: &HttpReceiver) -> Self {
        let directory = std::env::temp_dir().join(format!("trace-otlp-collector-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (grpc, http) = (own_address(), own_address());
        let child = Command::new(program)
            .current_dir(&directory)
            .arg("start")
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-compression", "none"])
            .args(["--otlp-exporter-endpoint", &format!("http://{}", next.address)])
            .args(["--traces-batch-timeout", "50ms"])
            .args(["--otlp-grpc-endpoint", &grpc.to_string()])
            .args(["--otlp-http-endpoint", &http.to_string()])
            .arg("--pid-file")
            .arg(directory.join("pid"))
            .env_remove("RUST_LOG")
            .stdout(std::fs::File::create(directory.join("output")).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut collector = Self { child, directory, grpc, http };
        let until = Instant::now() + PATIENCE;
        for address in [grpc, http] {
            while TcpStream::connect(address).is_err() {
                let ended = collector.child.try_wait().unwrap();
                assert!(ended.is_none() && Instant::now() < until, "the collector did not start: {ended:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        collector
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
