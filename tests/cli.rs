//! The program as people meet it: exit codes, what goes where, files, pipes, colour, and the commands of the
//! documents.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PLAIN: &str = "*filter\n:INPUT DROP [5:300]\n[7:420] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
const REFUSED: &str = "*filter\n-A INPUT -m bpf --bytecode \"1,22 0 0 0\" -j DROP\nCOMMIT\n";

fn ipt2nft(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipt2nft"));
    command.args(args).env_remove("NO_COLOR").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(args: &[&str], input: &str) -> Output {
    let mut child = ipt2nft(args).spawn().unwrap();
    // The program may end without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn exit_codes() {
    for (code, args, input) in [
        (0, &[][..], PLAIN),
        (0, &["translate", "-"], PLAIN),
        (0, &["--help"], ""),
        (0, &["--version"], ""),
        (2, &["--no-such-option"], PLAIN),
        (2, &["no-such-file"], ""),
        (2, &[], "no dump\n"),
        (2, &[], ""),
        (2, &["--table-prefix", "a b"], PLAIN),
        (2, &["--target", "amiga"], PLAIN),
        (3, &[], REFUSED),
        (3, &["--allow-partial"], REFUSED),
    ] {
        let output = run(args, input);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", err(&output));
        assert_eq!(output.stdout.is_empty(), code == 2 || code == 3 && args.is_empty(), "{args:?}: {}", out(&output));
    }
}

#[test]
fn merges_are_told_to_be_proved() {
    let two = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1 -j ACCEPT\n-A INPUT -s 10.0.0.9 -j ACCEPT\nCOMMIT\n";
    assert_eq!(out(&run(&["--diff"], two)).matches("  # proved: ").count(), 1, "{}", out(&run(&["--diff"], two)));
    assert!(!out(&run(&["--diff", "--no-prove"], two)).contains("proved"));
    assert!(!out(&run(&["--diff"], PLAIN)).contains("proved"), "a line that became a rule is no merge");
    let json: serde_json::Value = serde_json::from_str(&out(&run(&["--diff=json"], two))).unwrap();
    assert_eq!(json["chains"][0]["groups"][0]["proved"], true);
}

#[test]
fn the_ruleset_alone_goes_to_standard_output() {
    let output = run(&[], PLAIN);
    assert!(out(&output).starts_with("table ip filter\ndelete table ip filter\n"));
    assert!(err(&output).lines().all(|line| line.starts_with("ipt2nft: ")), "{}", err(&output));
    assert!(err(&run(&["-q"], PLAIN)).is_empty());
}

#[test]
fn gaps_are_marked() {
    let output = run(&["--allow-partial"], REFUSED);
    assert!(out(&output).contains("# NOT TRANSLATED, line 2: "), "{}", out(&output));
    assert!(err(&output).contains("INCOMPLETE"));
    let json = run(&["--allow-partial", "--format", "json"], REFUSED);
    assert_eq!((json.status.code(), json.stdout.is_empty()), (Some(2), true), "{}", err(&json));
}

#[test]
fn errors_have_a_place_a_reason_and_a_next_step() {
    let text = err(&run(&[], REFUSED));
    for part in ["error[", "--> <stdin>:2:", "^^^", "= help: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn tables_take_a_prefix_and_the_summary_warns_without() {
    let plain = run(&[], PLAIN);
    assert!(err(&plain).contains("loading this replaces table ip filter"));
    let prefixed = run(&["--table-prefix", "my-"], PLAIN);
    assert!(out(&prefixed).contains("table ip my-filter {"));
    assert!(!err(&prefixed).contains("loading this replaces"));
}

#[test]
fn counters_are_kept_on_request() {
    assert!(!out(&run(&[], PLAIN)).contains("counter"));
    let kept = out(&run(&["--counters", "keep"], PLAIN));
    assert!(kept.contains("counter packets 7 bytes 420 accept"), "{kept}");
    assert!(kept.contains("counter packets 5 bytes 300"), "{kept}");
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("firewall.nft");
    let name = file.to_str().unwrap();
    let printed = run(&["-o", name], PLAIN);
    assert!(printed.status.success() && printed.stdout.is_empty());
    let before = std::fs::read_to_string(&file).unwrap();
    assert_eq!(before, out(&run(&[], PLAIN)));
    assert_eq!(run(&["-o", name], REFUSED).status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
    let missing = folder.path().join("no/such/folder");
    assert_eq!(run(&["-o", missing.to_str().unwrap()], PLAIN).status.code(), Some(2));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut dump = String::from("*filter\n");
    for n in 0..20_000 {
        dump.push_str(&format!("-A INPUT -s 10.{}.{}.1 -m comment --comment \"rule {n}\" -j LOG\n", n / 250, n % 250));
    }
    dump.push_str("COMMIT\n");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("big.v4");
    std::fs::write(&file, dump).unwrap();
    let mut child = ipt2nft(&["-q", "--no-prove", "--merge", "none", file.to_str().unwrap()]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let coloured = |args: &[&str]| err(&run(args, REFUSED)).contains('\x1b');
    assert!(!coloured(&[]));
    assert!(!coloured(&["--color", "never"]));
    assert!(coloured(&["--color", "always"]));
}

#[test]
fn both_families_come_from_one_stream() {
    let six = PLAIN.replace("-p tcp -m tcp --dport 22", "-s 2001:db8::/32");
    let output = out(&run(&[], &format!("{PLAIN}{six}")));
    assert!(output.contains("table ip filter {") && output.contains("table ip6 filter {"), "{output}");
}

#[test]
fn json_is_json() {
    let output = run(&["--format", "json"], PLAIN);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value["nftables"].as_array().is_some_and(|commands| commands.len() > 3));
    let diff = run(&["--diff=json"], PLAIN);
    assert!(serde_json::from_slice::<serde_json::Value>(&diff.stdout).is_ok());
}

#[test]
fn help_has_examples() {
    for args in [&["--help"][..], &["translate", "--help"], &["diff", "--help"], &["replay", "--help"]] {
        assert!(out(&run(args, "")).contains("Examples:"), "{args:?}");
    }
    for target in ["debian12", "openwrt", "rhel9"] {
        assert!(run(&["--target", target], PLAIN).status.success(), "{target}");
    }
}

/// The commands of the README that need neither root nor a file of the reader's.
#[test]
fn commands_of_the_readme_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut tried = 0;
    for line in readme.lines().filter(|line| line.contains("fixtures/")) {
        for command in line.split("&&").map(str::trim).filter(|c| c.contains("ipt2nft ")) {
            let words: Vec<&str> = command.split_whitespace().skip(1).collect();
            let output = ipt2nft(&words).current_dir(root).output().unwrap();
            assert!(output.status.success(), "{command}: {}", err(&output));
            tried += 1;
        }
    }
    assert!(tried > 0, "the README shows no command that can be tried");
}
