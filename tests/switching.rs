//! The commands of docs/switching.md, run in their order in network namespaces: the new rules are there, the old ones
//! are not, and the way back leads to what was loaded before.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const V4: &str = "fixtures/translate/office.v4";
const V6: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n\
    -A INPUT -p tcp -m tcp --dport 80 -j web\n-A web -s 2001:db8::/32 -j ACCEPT\nCOMMIT\n";

#[test]
fn rules_of_legacy_tables_are_left_and_come_back() {
    switch("legacy");
}

#[test]
fn rules_of_nf_tables_are_replaced_and_come_back() {
    switch("nft");
}

fn switch(kind: &str) {
    if !support::can_run(&["nft", &format!("iptables-{kind}-restore"), &format!("ip6tables-{kind}-save")]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bin = programs(folder.path(), kind);
    fs::write(folder.path().join("rules.v6"), V6).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join(V4);
    let output = Command::new("unshare")
        .args(["-n", "sh", "-e", "-c", &script(kind)])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("RULES", rules)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}\n{out}");
    let told: Vec<&str> = out.split("----\n").collect();
    let [tables, left, timer, before, after, end] = told.as_slice() else { panic!("{out}") };
    let both = "table ip filter\ntable ip6 filter\n";
    assert_eq!(*tables, both);
    assert!(!left.contains("-A ") && !left.contains("DROP"), "{left}");
    assert!(timer.starts_with("--on-active=5min --unit=firewall-back /"), "{timer}");
    assert!(timer.ends_with("/firewall-back\nstop firewall-back.timer\n"), "{timer}");
    assert!(before.contains("-A web -s 2001:db8::/32 -j ACCEPT") && before.contains(":INPUT DROP"), "{before}");
    assert_eq!(before, after);
    // iptables of the newer kind has tables of these names itself.
    assert_eq!(*end, if kind == "legacy" { "" } else { both });
}

/// The programs that the page names, as the kind of iptables has them; systemd's only take notes.
fn programs(folder: &Path, kind: &str) -> PathBuf {
    let bin = folder.join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_ipt2nft"), bin.join("ipt2nft")).unwrap();
    for name in ["iptables", "ip6tables"] {
        for action in ["", "-save", "-restore"] {
            program(&bin.join(format!("{name}{action}")), &format!("#!/bin/sh\nexec {name}-{kind}{action} \"$@\"\n"));
        }
    }
    for name in ["systemd-run", "systemctl"] {
        program(&bin.join(name), "#!/bin/sh\necho \"$@\" >> noted\n");
    }
    bin
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The page's commands between what is looked at.
fn script(kind: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/switching.md")).unwrap();
    let blocks: Vec<(bool, &str)> = page.split("```sh").skip(1).filter_map(block).collect();
    assert_eq!(blocks.len(), 6, "the page has six blocks of commands");
    let commands: String =
        blocks.iter().filter(|(legacy, _)| kind == "legacy" || !legacy).map(|(_, text)| *text).collect();
    let dumped = "{ iptables-save; ip6tables-save; } 2> /dev/null | sed '/^#/d; s/\\[.*\\]//'";
    let left = if kind == "legacy" { dumped } else { "echo none" };
    format!(
        "iptables-restore < \"$RULES\"\nip6tables-restore < rules.v6\n{dumped} > before\n{commands}\
         nft list tables\necho ----\n{left}\necho ----\ncat noted\necho ----\ncat before\necho ----\n\
         ./firewall-back\n{dumped}\necho ----\nnft list tables\n"
    )
}

/// Whether a block is for legacy tables only, and its commands.
fn block(text: &str) -> Option<(bool, &str)> {
    let (first, rest) = text.split_once('\n')?;
    let (commands, _) = rest.split_once("```")?;
    Some((first.trim() == "legacy", commands))
}
