//! Programs run and timed, each run a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one process took.
#[derive(Clone, Copy)]
pub struct Run {
    pub seconds: f64,
    /// The most memory that was resident at a time.
    pub bytes: u64,
}

/// The fastest of some runs; `None` when one fails.
pub fn best(times: usize, program: &str, args: &[&str], file: &Path) -> Option<Run> {
    let runs: Option<Vec<Run>> = (0..times).map(|_| once(program, args, file)).collect();
    runs?.into_iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

/// Runs a program and watches how much memory it takes; `None` when it fails, which findings are not.
fn once(program: &str, args: &[&str], file: &Path) -> Option<Run> {
    let start = Instant::now();
    let mut child =
        Command::new(program).args(args).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let mut bytes = 0;
    loop {
        bytes = resident(child.id()).unwrap_or(0).max(bytes);
        if let Some(status) = child.try_wait().ok()? {
            return status
                .code()
                .is_some_and(|code| code < 2)
                .then(|| Run { seconds: start.elapsed().as_secs_f64(), bytes });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The most memory that a running process had so far (Linux; proc(5), `VmHWM`).
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
