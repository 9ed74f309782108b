//! Every option of the registry by itself: with `!` and without, given twice, without its argument, and with
//! arguments at the edges of what it takes and beyond, in both families. The tools must take the same ones.

use std::collections::BTreeSet;

use ipt2nft::save::ext::{Extension, registry};
use ipt2nft::save::option::{Arg, OptionSpec};

use crate::line::{Judged, Line, is_known, judged};
use crate::support;

/// Arguments that some options take and others do not.
const WORDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "+1",
    "00",
    "010",
    "08",
    "0x10",
    "0X1F",
    "0x",
    "31",
    "32",
    "63",
    "64",
    "128",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967294",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "1x",
    "\" 1\"",
    "\"1 \"",
    "\"\"",
    "\" \"",
    "1.5",
    "1:2",
    "2:1",
    "1:1",
    ":",
    "1:",
    ":1",
    "1:2:3",
    "0:65535",
    "0:65536",
    "1-2",
    "2-1",
    "1-",
    "-",
    "1,2",
    "1,",
    ",1",
    ",",
    "1,1",
    "1/2",
    "1/",
    "/1",
    "0x1/0xff",
    "0x100/0xff",
    "0xffffffff/0xffffffff",
    "1/0x1ffffffff",
    "x",
    "all",
    "any",
    "ANY",
    "none",
    "mark",
    "tcp",
    "TCP",
    "http",
    "root",
    "eth0",
    "eth+",
    "+",
    "eth/0",
    "abcdefghijklmnop",
    "192.0.2.1",
    "192.0.2.1/24",
    "192.0.2.1/33",
    "192.0.2.1/255.0.255.0",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.1-192.0.2.9",
    "192.0.2.9-192.0.2.1",
    "192.0.2.1,192.0.2.2",
    "0/0",
    "2001:db8::1",
    "2001:db8::1/64",
    "2001:db8::1/129",
    "::1-::2",
    "::2-::1",
    "::1,::2",
    "00:11:22:33:44:55",
    "0:1:2:3:4:5",
    "00-11-22-33-44-55",
    "00:11:22:33:44",
    "5/sec",
    "5/min",
    "5/x",
    "0/sec",
    "50000/sec",
    "5kb/s",
    "2mb/s",
    "08:00",
    "24:00",
    "23:59:59",
    "8:0:0",
    "2030-01-01",
    "2030-01-01T00:00:00",
    "1969-01-01",
    "2039-01-01",
    "Mon",
    "Mon,Tue",
    "mon",
    "1,31",
    "NEW",
    "new",
    "NEW,INVALID",
    "src",
    "src,dst",
    "src,dst,src,dst,src,dst",
    "LOCAL",
    "SYN",
    "SYN,ACK",
    "ALL",
    "NONE",
    "echo-request",
    "8/0",
    "echo",
    "debug",
    "warn",
    "7",
    "8",
    "EF",
    "ef",
    "BE",
    "Minimize-Delay",
    "icmp-port-unreachable",
    "tcp-reset",
    "1ms",
    "250ms",
    "5s",
    "in",
    "bm",
    "ORIGINAL",
    "REPLY",
    "ssh",
    "MASQ",
    "sourceip",
    "fast",
];

/// What stands in lines that only the tools take, and why.
const STRICTER: &[(&str, &str)] = &[
    ("--mss \"\"", EMPTY),
    ("--wscale \"\"", EMPTY),
    ("--length \"\"", EMPTY),
    ("--ctexpire \"\"", EMPTY),
    ("--connbytes \"\"", EMPTY),
    ("spi \"\"", EMPTY),
    ("--fragid \"\"", EMPTY),
    ("--rt-segsleft \"\"", EMPTY),
    ("--mh-type \"\"", EMPTY),
    ("port \"\"", EMPTY),
    ("--weekdays", "the tool takes no notice of what is no day"),
    ("--monthdays", "likewise"),
    ("--timestart", "the tool takes parts of the time that are not there for 0"),
    ("--timestop", "likewise"),
    ("--hashlimit-burst", "the tool takes no notice of what stands behind the number"),
    ("--hashlimit-rate-interval", "likewise"),
    ("--set-class", "likewise"),
    ("-opts", "the tool keeps the lower bits of such a number; refused here"),
    ("port 65536", "likewise"),
    ("port 0:65536", "likewise"),
    ("port 2147483647", "likewise"),
    ("port 4294967296", "likewise"),
    ("--mss 2147483647", "likewise"),
    ("--mss 2147483648", "likewise"),
    ("--mss 42949672", "likewise"),
    ("--wscale 65535", "likewise"),
    ("--wscale 65536", "likewise"),
    ("--wscale 2147483647", "likewise"),
    ("--wscale 2147483648", "likewise"),
    ("--wscale 42949672", "likewise"),
    ("--label 65536", "likewise"),
    ("--label 4294967296", "likewise"),
    ("mask 4294967295", "likewise"),
    ("mask 4294967294", "likewise"),
    ("mask 2147483648", "likewise"),
    ("--ctorig", MASKS),
    ("--ctrepl", MASKS),
    ("--tunnel-", MASKS),
    ("-j NETMAP --to", MASKS),
    ("--source eth/0", "the tool does not look at an address of which no bit counts"),
    ("--destination eth/0", "likewise"),
    ("--icmp-type 1:1", "a range of types, which the tool says it does not know"),
    ("--to-destination 08:00", "the tool reads this as port 0"),
    ("--to-destination 24:00", "likewise"),
    ("--comment aaa", "the tool cuts text that is too long; refused here"),
    ("--name aaa", "likewise"),
    ("--genre aaa", "likewise"),
    ("-name aaa", "likewise"),
    ("--gid-owner src", "a group of this host"),
    ("--physdev-in \"\"", EMPTY),
    ("--physdev-out \"\"", EMPTY),
    ("--header 255", "the tool takes numbers up to 255"),
    ("--rateest-name \"\"", EMPTY),
    ("--hashlimit-above \" 1\"", "the tool takes blanks and `+` before the number; refused here"),
    ("--hashlimit-above +1", "likewise"),
    ("--exist --exist", TWICE),
    ("--timeout 600 --timeout", TWICE),
    ("--timeout 600 ! --timeout", TWICE),
    ("--update-counters --update", TWICE),
    ("--update-counters ! --update", TWICE),
    ("--update-subcounters --update", TWICE),
    ("--update-subcounters ! --update", TWICE),
    ("--return-nomatch --return-nomatch", TWICE),
    ("--map-prio --map-prio", TWICE),
    ("--map-queue --map-queue", TWICE),
    ("--map-mark --map-mark", TWICE),
];

/// What stands in lines that are only taken here, and why.
const LENIENT: &[(&str, &str)] = &[
    (
        "-prefix 18446744073709551615",
        "the tool keeps the lower bits and refuses them; the target is refused here anyway",
    ),
    ("-prefix 4294967296", "likewise"),
    ("-prefix 256", "likewise"),
    (" any", "a name of a network to the tool, the whole of it here"),
    ("-range ", "a number without dots is an address here, as it is to `-s`"),
    ("--rateest-name \"\"", EMPTY),
    ("--ulog-prefix \"\"", "the tool wants some text"),
    ("-j RATEEST", "the tool refuses intervals that do not fit each other; the target is refused here anyway"),
    ("--led-delay", "the tool refuses delays that are too long; the target is refused here anyway"),
    ("--clustermac", "the tool wants a multicast address; the target is refused here anyway"),
    ("--object-pinned", "the tool opens the file"),
    ("--bytecode", "the tool asks the kernel, which has no such match here, or checks the program"),
    ("--pol NONE", CAPITALS),
    ("-dir ORIGINAL", CAPITALS),
    ("-dir REPLY", CAPITALS),
    ("proto ALL", CAPITALS),
    ("--header 00", "the tool takes numbers up to 255 and no `all`"),
    ("--header all", "likewise"),
];

const TWICE: &str = "the tool takes options of sets twice; refused here";
const EMPTY: &str = "the tool takes nothing for 0, or for a name; refused here";
const MASKS: &str = "the tool takes no notice of a mask here; refused";
const CAPITALS: &str = "words may be in capitals here";

/// Arguments of each option that are tried in every run.
const FEW: usize = 6;

/// Every use that is tried.
fn lines() -> BTreeSet<Line> {
    let standard = std::iter::once(registry::standard());
    let all = standard.chain(registry::MATCHES.iter().copied()).chain(registry::TARGETS.iter().copied());
    all.flat_map(|extension| extension.options.iter().flat_map(|spec| uses(extension, spec))).collect()
}

/// An option in the examples of its extension, changed.
fn uses(extension: &Extension, spec: &OptionSpec) -> Vec<Line> {
    let Some((before, after)) = example(extension, spec) else { return Vec::new() };
    let name = format!("--{}", spec.name);
    let taken = after.get(..words_of(&spec.arg)).unwrap_or(&after).to_vec();
    let rest = after.get(words_of(&spec.arg)..).unwrap_or_default().to_vec();
    let mut tails = vec![
        [vec![name.clone()], taken.clone(), rest.clone()].concat(),
        [vec!["!".into(), name.clone()], taken.clone(), rest.clone()].concat(),
        [vec!["!".into(), "!".into(), name.clone()], taken.clone(), rest.clone()].concat(),
        [vec![name.clone()], taken.clone(), vec![name.clone()], taken.clone(), rest.clone()].concat(),
        [vec![name.clone()], taken.clone(), vec!["!".into(), name.clone()], taken.clone(), rest.clone()].concat(),
        [vec![name.clone(), "!".into()], taken.clone(), rest.clone()].concat(),
        [rest.clone(), vec![name.clone()]].concat(),
        [vec![name.clone()], rest.clone()].concat(),
        [vec![name.clone()], taken.clone(), vec!["stray".into()], rest.clone()].concat(),
        rest.clone(),
    ];
    let tried = if words_of(&spec.arg) > 0 { edges(spec) } else { Vec::new() };
    for word in tried {
        let second = taken.get(1..).unwrap_or_default().to_vec();
        // Which sets there are is no question of syntax.
        if !spec.name.ends_with("-set") {
            tails.push([vec![name.clone(), word.clone()], second, rest.clone()].concat());
        }
        if let Some(first) = taken.first().filter(|_| taken.len() > 1) {
            tails.push([vec![name.clone(), first.clone(), word], rest.clone()].concat());
        }
    }
    let rules: Vec<String> = tails.into_iter().map(|tail| [before.clone(), tail].concat().join(" ")).collect();
    [false, true].into_iter().flat_map(|v6| placed(extension, v6, &rules)).collect()
}

/// The words before an option in an example, and those behind it.
fn example(extension: &Extension, spec: &OptionSpec) -> Option<(Vec<String>, Vec<String>)> {
    let spelled = |word: &str| {
        let name = word.trim_start_matches('-');
        word.starts_with('-') && (name == spec.name || spec.aliases.contains(&name))
    };
    extension.coverage.iter().find_map(|row| {
        let mut words = split(row.example);
        let at = words.iter().position(|w| spelled(w))?;
        let after = words.split_off(at + 1);
        words.pop();
        let _ = words.pop_if(|w| w == "!");
        Some((words, after))
    })
}

/// Words; quotes keep what is between them together.
fn split(example: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let mut quoted = false;
    for c in example.chars() {
        quoted ^= c == '"';
        match out.last_mut() {
            Some(word) if c != ' ' || quoted => word.push(c),
            _ => out.push(String::new()),
        }
    }
    out
}

const fn words_of(arg: &Arg) -> usize {
    match arg {
        Arg::Flag | Arg::Optional { .. } => 0,
        Arg::Custom { words, .. } => *words,
        _ => 1,
    }
}

/// The arguments to try: some of the words, all in a long run, and the ends of the option's own range.
fn edges(spec: &OptionSpec) -> Vec<String> {
    let every = (WORDS.len() / support::packets(FEW)).max(1);
    let first = spec.name.len() % every;
    let mut out: Vec<String> = WORDS.iter().skip(first).step_by(every).map(|w| (*w).to_owned()).collect();
    let ends = match spec.arg {
        Arg::Number { min, max } => vec![u128::from(min), u128::from(max)],
        Arg::Range { max, .. } | Arg::Ranges { max, .. } => vec![u128::from(max)],
        Arg::Masked { bits } => vec![(1u128 << bits) - 1],
        Arg::Text { max } => {
            out.extend([max, max + 1].map(|length| "a".repeat(length)));
            Vec::new()
        }
        _ => Vec::new(),
    };
    for end in ends {
        out.extend([end.saturating_sub(1), end, end + 1].map(|n| n.to_string()));
        out.extend([format!("{end:#x}"), format!("0{end:o}"), format!("{end}:{end}"), format!("0:{}", end + 1)]);
    }
    out
}

/// The rules in the first table and chain that takes the first of them, or another of them.
fn placed(extension: &Extension, v6: bool, rules: &[String]) -> Vec<Line> {
    const TABLES: [&str; 5] = ["filter", "mangle", "nat", "raw", "security"];
    const CHAINS: [&str; 5] = ["INPUT", "PREROUTING", "FORWARD", "OUTPUT", "POSTROUTING"];
    let places = TABLES.iter().flat_map(|table| CHAINS.map(|chain| (*table, chain)));
    let line = |(table, chain): (&str, &str), rule: &String| Line {
        v6,
        table: table.to_owned(),
        rule: format!("-A {chain} {rule}"),
    };
    let family = if v6 { ipt2nft::packet::Family::Ip6 } else { ipt2nft::packet::Family::Ip };
    let known = extension.families.include(family);
    // The sets that the tools find hold IPv4 addresses.
    if v6 && extension.name.eq_ignore_ascii_case("set") {
        return Vec::new();
    }
    let place = places.clone().find(|&place| rules.first().is_some_and(|rule| line(place, rule).is_taken_here()));
    let place =
        place.or_else(|| places.clone().find(|&place| rules.iter().any(|rule| line(place, rule).is_taken_here())));
    // What a family does not have is refused whatever the argument.
    let tried = if known { rules } else { rules.get(..2).unwrap_or_default() };
    let place = place.unwrap_or(("filter", "INPUT"));
    tried.iter().map(|rule| line(place, rule)).collect()
}

/// `--option ! value` is how iptables before 1.4.3 wrote it; later ones refuse it.
fn is_old(rule: &str) -> bool {
    split(rule).windows(2).any(|pair| pair[0].starts_with("--") && pair[1] == "!")
}

#[test]
fn options_take_the_same_arguments() {
    if !support::can_run(&["iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
        return;
    }
    let lines = lines();
    let asked: Vec<&Line> = lines.iter().filter(|line| !is_known(line)).collect();
    let mut wrong = Vec::new();
    for (line, Judged { loads, reads }) in asked.iter().zip(judged(&asked)) {
        let (who, known) = match line.is_taken_here() {
            true if !reads => ("only we take", LENIENT),
            false if loads => ("only the tool takes", STRICTER),
            _ => continue,
        };
        if known.iter().any(|(part, _)| line.rule.contains(part)) || (known == LENIENT && is_old(&line.rule)) {
            continue;
        }
        wrong.push(format!("{who}: {} {} {}", if line.v6 { 6 } else { 4 }, line.table, line.rule));
    }
    println!("{} uses of options", asked.len());
    assert!(wrong.is_empty(), "{} of them differ:\n{}", wrong.len(), wrong.join("\n"));
}
