//! Programs run and timed, each run a process of its own.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What one process took.
#[derive(Clone, Copy)]
pub struct Run {
    pub seconds: f64,
    /// The most memory that was resident at a time.
    pub bytes: u64,
}

/// The fastest of some runs, and the memory of one more, since to watch a program takes time from it; `None` when one
/// fails.
pub fn best(times: usize, program: &str, args: &[&str], file: &Path) -> Option<Run> {
    let runs: Option<Vec<f64>> = (0..times).map(|_| timed(program, args, file)).collect();
    let seconds = runs?.into_iter().min_by(f64::total_cmp)?;
    Some(Run { seconds, bytes: watched(program, args, file)? })
}

/// Runs a program; how long that takes in seconds, and `None` when it fails.
fn timed(program: &str, args: &[&str], file: &Path) -> Option<f64> {
    let start = Instant::now();
    let status = start_it(program, args, file)?.wait().ok()?;
    is_done(status).then(|| start.elapsed().as_secs_f64())
}

/// The same, and how much memory it takes in bytes.
fn watched(program: &str, args: &[&str], file: &Path) -> Option<u64> {
    let mut child = start_it(program, args, file)?;
    let mut bytes = 0;
    loop {
        bytes = resident(child.id()).unwrap_or(0).max(bytes);
        if let Some(status) = child.try_wait().ok()? {
            return is_done(status).then_some(bytes);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn start_it(program: &str, args: &[&str], file: &Path) -> Option<Child> {
    Command::new(program).args(args).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

/// Findings are no failure.
fn is_done(status: ExitStatus) -> bool {
    status.code().is_some_and(|code| code < 2)
}

/// The most memory that a running process had so far (Linux; proc(5), `VmHWM`).
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
