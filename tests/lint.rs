//! The lints from outside: the command, its formats, fixes and exit codes; `explain` and `check`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use ipt2nft::lint::config::Config;
use ipt2nft::lint::registry::LINTS;
use ipt2nft::lint::{Options, lint};
use serde_json::Value;

#[path = "lint/schema.rs"]
mod schema;
mod support;

/// Runs the program in a folder.
fn ipt2nft(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ipt2nft")).args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn code(output: &Output, want: i32) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(want), "{out}\n{err}");
}

const CLEAN: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
const NOTE: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp -j LOG\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";
const WARNING: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1/8 -j ACCEPT\nCOMMIT\n";
const ERROR: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j REJECT --reject-with tcp-reset\nCOMMIT\n";
const BROKEN: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT --dport 22 -j ACCEPT\nCOMMIT\n";
const HOSTILE: &str =
    "*filter\n:INPUT DROP [0:0]\n:\u{1b}[2J<& - [0:0]\n-A INPUT -s 10.0.0.1/8 -j \u{1b}[2J<&\nCOMMIT\n";

#[test]
fn every_file_is_registered_and_every_page_belongs_to_a_lint() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = |folder: &str, end: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().flatten();
        let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
        names.filter_map(|name| name.strip_suffix(end).map(str::to_owned)).filter(|name| name != "mod").collect()
    };
    let files: BTreeSet<String> = LINTS.iter().map(|lint| lint.name.replace('-', "_")).collect();
    assert_eq!(listed("src/lint/rules", ".rs"), files);
    let codes: BTreeSet<String> = LINTS.iter().map(|lint| lint.code.to_owned()).collect();
    assert_eq!(listed("docs/lints", ".md"), codes);
}

#[test]
fn the_worst_finding_decides_the_exit_code_and_the_format_does_not() {
    for (text, fail_on, want) in [
        (CLEAN, "note", 0),
        (NOTE, "note", 1),
        (NOTE, "warning", 0),
        (WARNING, "warning", 1),
        (WARNING, "error", 0),
        (ERROR, "error", 1),
        (ERROR, "never", 0),
        (BROKEN, "never", 2),
    ] {
        let folder = folder(&[("rules.v4", text)]);
        for format in ["human", "json", "sarif", "github", "junit"] {
            code(&ipt2nft(folder.path(), &["lint", "--fail-on", fail_on, "--format", format, "rules.v4"]), want);
        }
    }
    let none = folder(&[]);
    code(&ipt2nft(none.path(), &["lint", "missing.v4"]), 2);
}

#[test]
fn people_see_the_line_the_other_rule_and_what_to_do() {
    let text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.1.1.1 -j ACCEPT\nCOMMIT\n";
    let folder = folder(&[("rules.v4", text)]);
    let shown = stdout(&ipt2nft(folder.path(), &["lint", "rules.v4"]));
    for part in
        ["warning[IPT101]", "rules.v4:4:1", "-A INPUT -s 10.1.1.1", "takes them all", "help: ", "--fix --unsafe"]
    {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}

#[test]
fn json_says_everything() {
    let folder = folder(&[("rules.v4", WARNING)]);
    let output = ipt2nft(folder.path(), &["lint", "--format", "json", "rules.v4"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["version"], 1);
    let found = &json["findings"][0];
    for (key, want) in [
        ("code", Value::from("IPT305")),
        ("name", "host-bits".into()),
        ("severity", "warning".into()),
        ("file", "rules.v4".into()),
        ("line", 3.into()),
        ("column", 10.into()),
        ("end_line", 3.into()),
        ("end_column", 23.into()),
    ] {
        assert_eq!(found[key], want, "{key}");
    }
    assert!(found["message"].is_string() && found["help"][0].is_string() && found["fix"]["safe"] == true);
}

#[test]
fn sarif_is_valid_and_describes_every_lint() {
    let schema: Value = serde_json::from_str(include_str!("lint/sarif-2.1.0.schema.json")).unwrap();
    let wrong = serde_json::json!({ "version": "2.0.0", "runs": [{ "tool": {}, "nonsense": 1 }] });
    assert!(schema::errors(&schema, &wrong).len() >= 3, "the validator finds what is wrong");
    let shadowed = "*filter\n-A INPUT -j DROP\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n";
    for text in [CLEAN, NOTE, WARNING, ERROR, BROKEN, HOSTILE, shadowed] {
        let folder = folder(&[("ru les%.v4", text)]);
        let output = ipt2nft(folder.path(), &["lint", "--format", "sarif", "ru les%.v4"]);
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(schema::errors(&schema, &log), [""; 0], "{text}");
        let described = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(described.len(), LINTS.len());
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(described[index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "ru%20les%25.v4");
        }
    }
}

#[test]
fn annotations_and_junit_hold_hostile_names() {
    let folder = folder(&[("rules.v4", HOSTILE), ("clean.v4", CLEAN)]);
    let github = stdout(&ipt2nft(folder.path(), &["lint", "--format", "github", "rules.v4"]));
    assert!(github.lines().all(|line| line.starts_with("::") && !line.contains('\u{1b}')), "{github}");
    assert!(github.contains("::warning file=rules.v4,line=4,endLine=4,col="), "{github}");
    let junit = stdout(&ipt2nft(folder.path(), &["lint", "--format", "junit", "rules.v4", "clean.v4"]));
    assert!(!junit.contains('\u{1b}') && junit.contains("<testcase classname=\"clean.v4\" name=\"no findings\"/>"));
    assert_eq!(junit.matches("<testsuite ").count(), 2);
    assert_eq!(junit.matches("<testcase ").count(), junit.matches("</testcase>").count() + 1, "{junit}");
}

#[test]
fn fixes_are_shown_or_written_whole() {
    let folder = folder(&[("rules.v4", WARNING)]);
    let read = || std::fs::read_to_string(folder.path().join("rules.v4")).unwrap();
    let shown = ipt2nft(folder.path(), &["lint", "--fix", "--diff", "rules.v4"]);
    code(&shown, 1);
    assert!(
        stdout(&shown).contains("--- a/rules.v4\n") && stdout(&shown).contains("\n+-A INPUT -s 10.0.0.0/8 -j ACCEPT\n")
    );
    assert_eq!(read(), WARNING);
    let fixed = ipt2nft(folder.path(), &["lint", "--fix", "rules.v4"]);
    code(&fixed, 0);
    assert!(String::from_utf8_lossy(&fixed.stderr).contains("proved equivalent"));
    assert_eq!(read(), WARNING.replace("10.0.0.1/8", "10.0.0.0/8"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    code(&ipt2nft(folder.path(), &["lint", "--diff", "rules.v4"]), 2);
}

#[test]
fn a_project_decides_what_it_hears() {
    let inner = "sub/rules.v4";
    let folder =
        folder(&[("ipt2nft.toml", "[lint]\nfail-on = \"error\"\n[lint.allow]\nIPT205 = \"a disk of its own\"\n")]);
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join(inner), WARNING).unwrap();
    let below = folder.path().join("sub");
    let found = ipt2nft(&below, &["lint", "rules.v4"]);
    code(&found, 0);
    assert!(stdout(&found).contains("IPT002") && stdout(&found).contains("ipt2nft.toml:4"), "{}", stdout(&found));
    code(&ipt2nft(&below, &["lint", "--fail-on", "warning", "rules.v4"]), 1);
    code(&ipt2nft(&below, &["lint", "--write-baseline", "known.toml", "rules.v4"]), 0);
    let known = ipt2nft(folder.path(), &["lint", "--fail-on", "note", "--config", "sub/known.toml", inner]);
    code(&known, 2);
}

#[test]
fn a_baseline_silences_what_it_knows_and_nothing_else() {
    let folder = folder(&[("rules.v4", WARNING)]);
    code(&ipt2nft(folder.path(), &["lint", "--write-baseline", "known.toml", "rules.v4"]), 0);
    code(&ipt2nft(folder.path(), &["lint", "--fail-on", "note", "--baseline", "known.toml", "rules.v4"]), 0);
    std::fs::write(
        folder.path().join("rules.v4"),
        WARNING.replace("COMMIT", "-A INPUT -s 11.0.0.1/8 -j ACCEPT\nCOMMIT"),
    )
    .unwrap();
    code(&ipt2nft(folder.path(), &["lint", "--baseline", "known.toml", "rules.v4"]), 1);
    std::fs::write(folder.path().join("rules.v4"), CLEAN).unwrap();
    code(&ipt2nft(folder.path(), &["lint", "--baseline", "known.toml", "rules.v4"]), 1);
}

#[test]
fn explain_prints_the_page() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(here.join("docs/lints/IPT101.md")).unwrap();
    assert_eq!(stdout(&ipt2nft(here, &["explain", "IPT101"])), page);
    assert_eq!(stdout(&ipt2nft(here, &["explain", "shadowed-rule"])), page);
    assert_eq!(stdout(&ipt2nft(here, &["explain"])).lines().count(), LINTS.len());
    code(&ipt2nft(here, &["explain", "nosuch"]), 2);
}

#[test]
fn check_finds_the_nft_file_of_a_dump() {
    let folder = folder(&[("rules.v4", CLEAN), ("rules.v6", CLEAN)]);
    let at = folder.path();
    code(&ipt2nft(at, &["check", "rules.v4"]), 2);
    code(&ipt2nft(at, &["-q", "rules.v4", "rules.v6", "-o", "rules.nft"]), 0);
    for files in [&["rules.v4"][..], &["rules.v6"], &["rules.nft"], &["rules.v4", "rules.v6", "rules.nft"]] {
        code(&ipt2nft(at, &[&["check"], files].concat()), 0);
    }
    std::fs::write(at.join("rules.v6"), CLEAN.replace("22", "23")).unwrap();
    let changed = ipt2nft(at, &["check", "rules.v4"]);
    code(&changed, 1);
    assert!(
        String::from_utf8_lossy(&changed.stderr).contains("rules.nft is not what rules.v4 + rules.v6 says any more")
    );
    // Under other names.
    code(&ipt2nft(at, &["-q", "rules.v4", "-o", "firewall.conf"]), 0);
    code(&ipt2nft(at, &["check", "--nft", "firewall.conf", "rules.v4"]), 0);
    std::fs::write(at.join("ipt2nft.toml"), "[check]\n\"firewall.conf\" = [\"rules.v4\"]\n").unwrap();
    code(&ipt2nft(at, &["check", "rules.v4"]), 0);
    code(&ipt2nft(at, &["check", "./firewall.conf"]), 0);
    std::fs::write(at.join("only.v4"), WARNING).unwrap();
    code(&ipt2nft(at, &["-q", "only.v4", "-o", "only.v4.nft"]), 0);
    code(&ipt2nft(at, &["check", "only.v4"]), 0);
}

/// Lines of a page or workflow that run the program, without their remarks.
fn commands(text: &str) -> Vec<String> {
    let line =
        |line: &str| line.trim().trim_start_matches("run: ").split(" #").next().unwrap_or_default().trim().to_owned();
    text.lines().map(line).filter(|line| line.starts_with("ipt2nft ")).collect()
}

#[test]
fn commands_of_the_pages_run() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder(&[("rules.v4", WARNING), ("rules.v6", &CLEAN.replace("22", "443"))]);
    code(&ipt2nft(folder.path(), &["-q", "rules.v4", "rules.v6", "-o", "rules.nft"]), 0);
    for page in ["docs/continuous-integration.md", "docs/actions/github-actions.yml"] {
        let found = commands(&std::fs::read_to_string(here.join(page)).unwrap());
        assert!(found.len() >= 3, "{page}");
        for command in found {
            let words: Vec<&str> = command.split_whitespace().skip(1).collect();
            let output = ipt2nft(folder.path(), &words);
            assert!(
                matches!(output.status.code(), Some(0 | 1)),
                "{command}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    let page = std::fs::read_to_string(here.join("docs/continuous-integration.md")).unwrap();
    let toml = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    std::fs::write(folder.path().join("ipt2nft.toml"), toml).unwrap();
    assert_ne!(ipt2nft(folder.path(), &["lint", "rules.v4"]).status.code(), Some(2));
}

/// All dumps of a folder lint, and what is said of them is in order.
#[test]
fn every_dump_of_the_corpus_lints() {
    for source in support::dumps::corpus().iter().map(support::dumps::Dump::source) {
        let report = lint(std::slice::from_ref(&source), &Options::default(), &Config::default());
        for finding in &report.findings {
            assert!(finding.place.span.end as usize <= source.text().len(), "{}: {finding:?}", source.name);
            assert!(!finding.said.message.contains(char::is_control), "{}: {finding:?}", source.name);
        }
    }
}

/// `fixtures/lint/NAME.v4` and what each format says of it; `SNAPSHOTS=overwrite cargo test` refreshes them.
#[test]
fn formats_say_what_they_said() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lint");
    for (format, end) in
        [("human", "txt"), ("json", "json"), ("sarif", "sarif"), ("github", "github"), ("junit", "xml")]
    {
        let got = stdout(&ipt2nft(&fixtures, &["lint", "--format", format, "office.v4", "office.v6"]));
        // The program's version, and the pages, which are their own tests.
        let got = got.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let got: String = got
            .split_inclusive('\n')
            .filter(|line| !line.contains("\"markdown\": ") && !line.contains("\"text\": \"# IPT"))
            .collect();
        let file = fixtures.join(format!("office.{end}"));
        if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
            std::fs::write(&file, &got).unwrap();
        }
        let want = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(got == want, "{} is stale: run SNAPSHOTS=overwrite cargo test --test lint\n{got}", file.display());
    }
}

#[test]
fn the_list_of_lints_is_fresh() {
    let head = "# Lints\n\nMade from the registry of lints; do not edit. `ipt2nft explain CODE` prints a page.\n\n";
    let want = format!("{head}{}", ipt2nft::lint::registry::markdown());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md");
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        std::fs::write(&file, &want).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap_or_default() == want,
        "stale: run SNAPSHOTS=overwrite cargo test --test lint"
    );
}
