//! Small dumps about the tiny world.

use ipt2nft::kernel::Chance;

/// A dump with a mangle and a filter table.
pub fn dump(chance: &mut Chance) -> String {
    let mut out = String::from("*mangle\n:PREROUTING ACCEPT [0:0]\n:side - [0:0]\n");
    rules(chance, "PREROUTING", &["side"], true, &mut out);
    rules(chance, "side", &[], true, &mut out);
    out.push_str("COMMIT\n*filter\n");
    let policy = chance.one_of(&["ACCEPT", "DROP"]).unwrap();
    out.push_str(&format!(":FORWARD {policy} [0:0]\n:one - [0:0]\n:two - [0:0]\n"));
    // What tracks makes fragments whole.
    out.push_str("-A FORWARD -m conntrack --ctstate RELATED -j ACCEPT\n");
    rules(chance, "FORWARD", &["one", "two"], false, &mut out);
    rules(chance, "one", &["two"], false, &mut out);
    rules(chance, "two", &[], false, &mut out);
    out + "COMMIT\n"
}

fn rules(chance: &mut Chance, chain: &str, below: &[&str], marks: bool, out: &mut String) {
    for _ in 0..3 + chance.below(5) {
        let (tests, target) = (tests(chance), target(chance, below, marks));
        out.push_str(&format!("-A {chain}{tests} {target}\n"));
        // Rules that differ in one place are what is merged.
        if chance.percent(40) {
            let other = chance.below(4);
            let again = tests.replacen(" 10.0.0.1 ", &format!(" 10.0.0.{other} "), 1).replacen(" 80 ", " 82 ", 1);
            out.push_str(&format!("-A {chain}{again} {target}\n"));
        }
    }
}

fn tests(chance: &mut Chance) -> String {
    let mut out = String::new();
    let mut add = |chance: &mut Chance, share: usize, before: &str, choices: &[&str]| {
        if chance.percent(share) {
            let negated = if chance.percent(25) { " !" } else { "" };
            let choice = chance.one_of(choices).unwrap();
            out.push_str(&format!("{before}{negated} {choice}"));
        }
    };
    add(chance, 50, "", &["-s 10.0.0.0/30", "-s 10.0.0.1", "-s 10.0.0.2/31", "-s 10.0.0.1/31"]);
    add(chance, 30, "", &["-i a+", "-i a1", "-i b1"]);
    match chance.below(4) {
        0 => {
            add(
                chance,
                100,
                " -p tcp -m tcp",
                &["--dport 80", "--dport 80:81", "--sport 40000", "--tcp-flags SYN,ACK SYN"],
            );
        }
        1 => add(chance, 100, " -p udp -m udp", &["--dport 80", "--dport 79:443"]),
        2 => add(chance, 50, "", &["-p tcp", "-p icmp"]),
        _ => {}
    }
    add(chance, 25, " -m conntrack", &["--ctstate NEW", "--ctstate NEW,ESTABLISHED", "--ctstate INVALID,UNTRACKED"]);
    add(chance, 25, " -m mark", &["--mark 0x1", "--mark 0x1/0x1", "--mark 0x2/0x3", "--mark 0x0/0x2"]);
    out
}

fn target(chance: &mut Chance, below: &[&str], marks: bool) -> String {
    let verdict = |chance: &mut Chance| {
        let verdicts = ["-j ACCEPT", "-j DROP", "-j RETURN", "-j LOG --log-prefix \"x\"", "-j LOG --log-prefix \"y\""];
        chance.one_of(&verdicts).unwrap().to_owned()
    };
    let change = |chance: &mut Chance| {
        let changes =
            ["-j MARK --set-xmark 0x1/0x1", "-j MARK --set-xmark 0x3/0x2", "-j MARK --set-xmark 0x2/0xffffffff"];
        chance.one_of(&changes).unwrap().to_owned()
    };
    match (chance.below(6), chance.one_of(below)) {
        (0 | 1, Some(chain)) => format!("-j {chain}"),
        (2, Some(chain)) => format!("-g {chain}"),
        (2..=4, _) if marks => change(chance),
        _ => verdict(chance),
    }
}
