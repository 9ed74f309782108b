//! Four times the input takes about four times as long, whatever shape the input has.
//!
//! Each shape is translated in two sizes, and the time on the processor compared: a step that looks at every
//! pair of rules, chains or words takes sixteen times as long and fails, a loaded machine does not.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use ipt2nft::diag::Source;
use ipt2nft::optimize::{self, Level};
use ipt2nft::translate::{Options, translate};

#[path = "../benches/shapes/mod.rs"]
mod shapes;

/// How many times as long four times the input may take.
const MOST: u32 = 10;
/// Differences below this are noise.
const NOISE: Duration = Duration::from_millis(40);

/// Tries a shape in `size` and four times that.
fn grows_evenly(name: &str, size: u32, dump: impl Fn(u32) -> String) {
    for level in [Level::None, Level::Full] {
        let options =
            Options { merge: optimize::Options { level, ..optimize::Options::default() }, ..Options::default() };
        let time = |size| {
            let source = Source::new(0, "dump.v4", dump(size).into_bytes()).expect("not too long");
            (0..2).map(|_| on_processor(|| drop(translate(std::slice::from_ref(&source), &options)))).min()
        };
        let (small, large) = (time(size).unwrap_or_default(), time(4 * size).unwrap_or_default());
        println!("{name} {level:?}: {small:?} for {size}, {large:?} for {}", 4 * size);
        assert!(large < small * MOST + NOISE, "{name} {level:?}: {small:?} for {size}, {large:?} for {}", 4 * size);
    }
}

/// Time that this thread spends on the processor for `work`.
fn on_processor(work: impl FnOnce()) -> Duration {
    let (start, began) = (spent(), Instant::now());
    work();
    match (start, spent()) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => began.elapsed(),
    }
}

/// Time that this thread has been on a processor so far (Linux, Documentation/scheduler/sched-stats).
fn spent() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// A filter table with these chains and rules.
fn filter(chains: &str, rules: &str) -> String {
    format!("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{chains}{rules}COMMIT\n")
}

/// `line` for every number below `count`.
fn lines(count: u32, line: impl Fn(u32) -> String) -> String {
    (0..count).fold(String::new(), |mut out, n| {
        let _ = writeln!(out, "{}", line(n));
        out
    })
}

#[test]
fn shapes_that_grow_in_practice() {
    for (name, size) in [("kube", 60), ("block", 1500), ("ports", 400), ("fail2ban", 1500)] {
        grows_evenly(name, size, |n| shapes::shape(name, n).unwrap_or_default());
    }
}

#[test]
fn chains() {
    let declared = |n| lines(n, |i| format!(":c{i} - [0:0]"));
    grows_evenly("chains", 1500, |n| filter(&declared(n), ""));
    grows_evenly("called chains", 800, |n| {
        let rules = lines(n, |i| format!("-A INPUT -s 10.{}.{}.0/24 -j c{i}\n-A c{i} -j DROP", i / 256, i % 256));
        filter(&declared(n), &rules)
    });
    grows_evenly("chains without a letter", 500, |n| {
        let other = |n: u32| char::from_u32(0x4e00 + n).unwrap_or('x');
        filter(&lines(n, |i| format!(":{}{} - [0:0]", other(i / 1000), other(i % 1000))), "")
    });
    grows_evenly("chains with odd names", 800, |n| {
        let name = |i: u32| format!("c.{}.{i}", if i.is_multiple_of(2) { "x" } else { "/" });
        let rules = lines(n, |i| format!("-A INPUT -p tcp --dport {} -j {}", i + 1, name(i)));
        filter(&lines(n, |i| format!(":{} - [0:0]", name(i))), &rules)
    });
}

#[test]
fn rules_in_one_chain() {
    let rules = |line: fn(u32) -> String| move |n| filter("", &lines(n, line));
    grows_evenly("the same rule", 1500, rules(|_| "-A INPUT -s 10.0.0.1 -j DROP".into()));
    grows_evenly("put in front", 1500, rules(|i| format!("-I INPUT -p udp --dport {} -j DROP", 1 + i % 65_535)));
    grows_evenly("put in their places", 1500, rules(|i| format!("-I INPUT {} -p udp --dport 1 -j DROP", 1 + i / 2)));
    grows_evenly("limits", 800, rules(|i| format!("-A INPUT -s 10.0.0.{} -m limit --limit 3/min -j LOG", i % 256)));
    grows_evenly("alternatives", 500, rules(|i| format!("-A INPUT -p tcp -m multiport --ports {} -j DROP", i + 1)));
    grows_evenly("nothing but counting", 1500, rules(|_| "-A INPUT".into()));
    grows_evenly("refused", 500, rules(|_| "-A INPUT -m recent --name x --rcheck -j DROP".into()));
    grows_evenly("unreadable", 800, rules(|_| "-A INPUT --nonsense".into()));
}

#[test]
fn state() {
    let rules = |line: fn(u32) -> String| move |n| filter("", &lines(n, line));
    grows_evenly("connlimit", 1000, rules(|_| "-A INPUT -p tcp --syn -m connlimit --connlimit-above 9 -j DROP".into()));
    let hashlimit = |i| {
        let name = format!("--hashlimit-name n{i}");
        format!("-A INPUT -m hashlimit --hashlimit-upto 3/min --hashlimit-mode srcip {name} -j ACCEPT")
    };
    grows_evenly("hashlimit", 1000, rules(hashlimit));
}

#[test]
fn one_line() {
    let rule = |part: &str, n: u32| filter("", &format!("-A INPUT {} -j DROP\n", part.repeat(n as usize)));
    grows_evenly("a rule of many comments", 1000, |n| rule("-m comment --comment a ", n));
    grows_evenly("a rule of many blanks", 100_000, |n| rule("  ", n));
    grows_evenly("a list of addresses", 1000, |n| {
        let list: Vec<String> = (0..n).map(|i| format!("10.{}.{}.1", i / 256, i % 256)).collect();
        filter("", &format!("-A INPUT -s {} -j DROP\n", list.join(",")))
    });
    grows_evenly("a comment line", 200_000, |n| format!("# {}\n{}", "x".repeat(n as usize), filter("", "")));
    grows_evenly("a quoted word", 100_000, |n| filter("", &format!("-A INPUT \"{}\"\n", r"\a".repeat(n as usize))));
}

#[test]
fn lines_around_rules() {
    grows_evenly("tables without an end", 500, |n| "*filter\n".repeat(n as usize));
    grows_evenly("tables with an end", 500, |n| "*filter\nCOMMIT\n".repeat(n as usize));
    grows_evenly("lines outside tables", 1000, |n| "-A INPUT -j DROP\n".repeat(n as usize));
    grows_evenly("comment lines", 2000, |n| filter("", &"# nothing\n".repeat(n as usize)));
    grows_evenly("long comments", 500, |n| {
        let comment = "x".repeat(200);
        filter("", &lines(n, |i| format!("-A INPUT -p tcp --dport {} -m comment --comment {comment} -j DROP", i + 1)))
    });
}
