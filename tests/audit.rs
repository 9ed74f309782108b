//! `audit` over a folder of dumps: its three formats, its exit codes, hundreds of dumps at once.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

const FOLDER: &str = "fixtures/audit";

fn audit(args: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_ipt2nft")).arg("audit").args(args).current_dir(root).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn text_names_every_dump_and_what_stands_in_its_way() {
    let output = audit(&[FOLDER]);
    assert_eq!(output.status.code(), Some(1), "one dump is blocked");
    snapbox::assert_data_eq!(text(&output), snapbox::file!["../fixtures/audit.txt"].raw());
}

#[test]
fn json_holds_what_the_text_says() {
    let answer: serde_json::Value = serde_json::from_slice(&audit(&[FOLDER, "--format", "json"]).stdout).unwrap();
    assert_eq!(answer["version"], 1);
    let verdict = |at: usize| answer["hosts"][at]["verdict"].as_str().unwrap().to_owned();
    assert_eq!([verdict(0), verdict(1), verdict(2)], ["blocked", "ready", "ready-with-changes"]);
    assert_eq!(answer["hosts"][1]["proof"], "equivalent");
    assert_eq!(answer["sum"]["rules"], 10);
    assert_eq!(answer["hosts"][0]["obstacles"][1]["how"], "needs-ipset");
}

#[test]
fn the_page_stands_alone_and_holds_no_markup_of_dumps() {
    let page = text(&audit(&[FOLDER, "--format", "html"]));
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src="), "fetches something");
    assert!(!page.contains("<i>ssh") && page.contains("&lt;i&gt;ssh"), "markup of a dump");
    for part in ["gateway/rules.v4", "bridge.v4", "recent.v4"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("aria-label=\"chains of table ip filter\""), "no picture");
    assert!(page.contains("tcp dport vmap { 22 : jump ssh"), "no diff");
}

#[test]
fn exit_codes() {
    let code = |args: &[&str]| audit(args).status.code().unwrap();
    assert_eq!(code(&["fixtures/audit/gateway"]), 0);
    assert_eq!(code(&["fixtures/audit/recent.v4"]), 0);
    assert_eq!(code(&["fixtures/audit/bridge.v4"]), 1);
    assert_eq!(code(&["fixtures/audit/notes.txt"]), 1, "a file that is named is judged");
    assert_eq!(code(&["fixtures/missing"]), 2);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(code(&[empty.path().to_str().unwrap()]), 2, "no dumps");
}

#[test]
fn many_dumps_take_time_in_proportion() {
    let folder = tempfile::tempdir().unwrap();
    let dump = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join("gateway/rules.v4")).unwrap();
    for host in 0..200 {
        std::fs::write(folder.path().join(format!("host{host:03}.v4")), &dump).unwrap();
    }
    let start = Instant::now();
    let output = audit(&[folder.path().to_str().unwrap()]);
    println!("200 dumps in {:?}", start.elapsed());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).contains("200 dumps: 200 ready"), "{}", text(&output));
}
