//! A replay that is killed in the middle leaves nothing: no process in its namespaces, and with them no namespace; the
//! host's interfaces, rules and settings are as before.
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The network namespaces that the threads of a process are in.
fn namespaces_of(process: &Path) -> BTreeSet<String> {
    let tasks = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let links = tasks.filter_map(|task| fs::read_link(task.path().join("ns/net")).ok());
    links.map(|link| link.display().to_string()).collect()
}

fn processes() -> impl Iterator<Item = std::path::PathBuf> {
    let is_number = |name: &std::ffi::OsStr| name.to_string_lossy().bytes().all(|b| b.is_ascii_digit());
    fs::read_dir("/proc").into_iter().flatten().flatten().filter(move |e| is_number(&e.file_name())).map(|e| e.path())
}

/// What a replay must leave alone.
fn host() -> Vec<String> {
    let said = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output();
        output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    vec![
        said("ip", &["-br", "link"]),
        said("ip", &["rule"]),
        said("nft", &["list", "tables"]),
        read("/proc/sys/net/netfilter/nf_log_all_netns"),
        read("/proc/sys/net/ipv4/ip_forward"),
        read("/proc/sys/net/ipv4/conf/all/rp_filter"),
    ]
}

fn start() -> Child {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay");
    Command::new(env!("CARGO_BIN_EXE_ipt2nft"))
        .args(["replay", "--packets", "150000", "--quiet"])
        .args([format!("{folder}/gateway.save"), format!("{folder}/gateway.nft")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// Waits until the replay is in its two namespaces; their names.
fn in_the_middle(child: &Child, ours: &BTreeSet<String>) -> BTreeSet<String> {
    let begin = Instant::now();
    let process = Path::new("/proc").join(child.id().to_string());
    loop {
        let found: BTreeSet<String> = namespaces_of(&process).difference(ours).cloned().collect();
        if found.len() == 2 {
            sleep(Duration::from_millis(700));
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "it never begins");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn nothing_is_left_behind() {
    if !support::can_run(&["nft", "iptables-legacy-restore"]) {
        return;
    }
    let ours = namespaces_of(Path::new("/proc/self"));
    for signal in [Signal::SIGKILL, Signal::SIGINT, Signal::SIGTERM] {
        let before = host();
        let mut child = start();
        let theirs = in_the_middle(&child, &ours);
        kill(Pid::from_raw(child.id() as i32), signal).expect("it lives");
        let status = child.wait().expect("it ends");
        assert!(!status.success(), "{signal}: it was to be in the middle");
        let begin = Instant::now();
        let left = || processes().filter(|process| !namespaces_of(process).is_disjoint(&theirs)).count();
        while left() > 0 {
            assert!(begin.elapsed() < Duration::from_secs(10), "{signal}: a process outlives it");
            sleep(Duration::from_millis(20));
        }
        assert_eq!(host(), before, "{signal}");
    }
}
