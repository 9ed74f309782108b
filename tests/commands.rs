//! Every command that the documents show is run, as written, in a folder that holds the files they speak of.

#[path = "support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Documents with commands.
const DOCUMENTS: [&str; 4] = ["README.md", "docs/continuous-integration.md", "docs/diff.md", "docs/trace.md"];

/// Files of the machine, which a test leaves alone.
const OF_THE_MACHINE: &str = "/etc/nftables.conf";

/// Lines that begin with the program, or pipe into it.
fn commands(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let shown = |line: &&str| line.starts_with("ipt2nft ") || line.starts_with("iptables-save | ipt2nft");
    text.lines().map(str::trim).filter(shown).map(str::to_owned).collect()
}

fn executable(path: &Path, script: &str) {
    std::fs::write(path, script).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The files, and an `iptables-save` that prints one of them.
fn furnish(folder: &Path) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/translate");
    let copy = |from: &str, to: &str| std::fs::copy(fixtures.join(from), folder.join(to)).unwrap();
    std::fs::create_dir(folder.join("hosts")).unwrap();
    for to in ["rules.v4", "old.v4", "hosts/office.v4"] {
        copy("office.v4", to);
    }
    for to in ["new.v4", "hosts/gateway.v4"] {
        copy("gateway.v4", to);
    }
    copy("icmpv6.v6", "rules.v6");
    executable(&folder.join("iptables-save"), "#!/bin/sh\nexec cat rules.v4\n");
}

#[test]
fn commands_of_the_documents_work() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let program = Path::new(env!("CARGO_BIN_EXE_ipt2nft"));
    let path =
        format!("{}:{}:/usr/bin:/bin:/usr/sbin:/sbin", folder.path().display(), program.parent().unwrap().display());
    let run = |line: &str| {
        Command::new("bash").args(["-c", line]).env("PATH", &path).current_dir(folder.path()).output().unwrap()
    };
    assert!(run("ipt2nft --quiet rules.v4 rules.v6 -o rules.nft").status.success());
    let mut tried = 0;
    for document in DOCUMENTS {
        for line in commands(document) {
            if line.contains(OF_THE_MACHINE) {
                println!("skipped: {document}: {line}");
                continue;
            }
            if line.starts_with("ipt2nft replay") && !support::can_run(&["nft", "iptables-legacy-restore"]) {
                continue;
            }
            let output = run(&line);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // A finding or a difference is an answer; everything else is not.
            assert!(matches!(output.status.code(), Some(0 | 1)), "{document}: {line}: {}\n{said}", output.status);
            tried += 1;
        }
    }
    println!("{tried} commands tried");
    assert!(tried > 15, "only {tried}");
}
