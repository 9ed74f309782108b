//! A dump with one line changed.

/// All mutants of a dump's text, each with the kind of change.
pub fn mutants(dump: &str) -> Vec<(&'static str, String)> {
    let lines: Vec<&str> = dump.lines().collect();
    let with = |at: usize, many: usize, text: &[&str]| {
        let mut all = lines.clone();
        all.splice(at..at + many, text.iter().copied());
        all.join("\n") + "\n"
    };
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let changed = CHANGES.iter().filter(|(_, from, _)| line.contains(from));
        out.extend(changed.map(|(kind, from, to)| (*kind, with(at, 1, &[&line.replacen(from, to, 1)]))));
        if !line.starts_with("-A ") {
            continue;
        }
        out.extend(NUMBERS.iter().filter_map(|option| Some(("another number", with(at, 1, &[&next(line, option)?])))));
        out.push(("a lost rule", with(at, 1, &[])));
        out.push(("a rule twice", with(at, 1, &[line, line])));
        if let Some(next) = lines.get(at + 1).filter(|next| next.starts_with("-A ")) {
            out.push(("two rules swapped", with(at, 2, &[next, line])));
        }
    }
    out
}

/// Kind of change, text, and what stands there then.
const CHANGES: &[(&str, &str, &str)] = &[
    ("another verdict", "-j ACCEPT", "-j DROP"),
    ("another verdict", "-j DROP", "-j ACCEPT"),
    ("another verdict", "-j RETURN", "-j ACCEPT"),
    ("another policy", " ACCEPT [", " DROP ["),
    ("another policy", " DROP [", " ACCEPT ["),
    ("a lost negation", " ! -", " -"),
    ("a new negation", " -s ", " ! -s "),
    ("source for destination", " -d ", " -s "),
    ("another state", "ESTABLISHED", "NEW"),
    ("another protocol", "-p tcp -m tcp", "-p udp -m udp"),
    ("another beginning of a name", "+ ", " "),
    ("another text in the log", "--log-prefix \"", "--log-prefix \"x"),
];

/// Options with a number behind them.
const NUMBERS: &[&str] =
    &["--dport ", "--sport ", "--dports ", "--limit-burst ", "--set-xmark 0x", "--mark 0x", "-s 10."];

/// The line with the number behind an option changed.
fn next(line: &str, option: &str) -> Option<String> {
    let (before, rest) = line.split_once(option)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().ok()?;
    Some(format!("{before}{option}{}{}", number ^ 1, rest.get(digits.len()..)?))
}
