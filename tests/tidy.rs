//! The house rules: who imports whom, what every file opens with, how long files may be.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::path::{Path, PathBuf};

/// A room, and the rooms that it must not import.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "packet",
        &[
            "audit", "cli", "diag", "emit", "ir", "kernel", "lint", "lower", "nft", "optimize", "prove", "report",
            "save",
        ],
    ),
    ("diag", &["cli", "emit", "ir", "kernel", "lint", "lower", "nft", "optimize", "prove", "report", "save"]),
    ("nft", &["audit", "cli", "emit", "ir", "kernel", "lint", "lower", "optimize", "prove", "report", "save"]),
    ("ir", &["cli", "emit", "kernel", "lint", "lower", "optimize", "prove", "report", "save"]),
    (
        "optimize",
        &["audit", "cli", "emit", "kernel", "lint", "lower", "nft::print", "nft::read", "prove", "report", "save"],
    ),
    ("emit", &["cli", "kernel", "lint", "lower", "nft::read", "optimize", "prove", "report", "save"]),
    (
        "prove",
        &["audit", "cli", "emit", "ir", "kernel", "lint", "lower", "nft::print", "optimize", "report", "translate"],
    ),
    ("lint", &["cli", "emit", "kernel", "nft::print", "nft::read", "optimize", "report"]),
    ("nft/read", &["nft::print", "nft::names", "nft::keywords"]),
    ("nft/print", &["nft::read"]),
    ("save/parse", &["ir", "lower"]),
    ("save/value", &["ir", "lower"]),
];

/// What only `cli` and `kernel` may touch.
const OUTSIDE: &[&str] = &["std::fs", "std::env", "std::process", "println!", "eprintln!", "print!("];

fn files(under: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![under.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let name = |p: &PathBuf| p.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    files(&root).iter().map(|p| (name(p), std::fs::read_to_string(p).unwrap())).collect()
}

/// The text before the tests of the file.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

/// Paths below `crate::` that the text names, in `use` lines or in place.
fn imports(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for piece in shipped(text).split("crate::").skip(1) {
        if let Some(inner) = piece.strip_prefix('{') {
            out.extend(inner.split('}').next().unwrap_or_default().split(',').map(|p| p.trim().to_owned()));
        } else {
            let path: String = piece.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
            let group = piece.get(path.len()..).filter(|rest| rest.starts_with('{')).map(|rest| &rest[1..]);
            match group {
                Some(inner) => {
                    let parts = inner.split('}').next().unwrap_or_default().split(',');
                    out.extend(parts.map(|p| format!("{path}{}", p.trim())));
                }
                None => out.push(path),
            }
        }
    }
    out
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (room, forbidden) in FORBIDDEN.iter().filter(|(room, _)| file.starts_with(&format!("{room}/"))) {
            for import in imports(&text) {
                let broken = forbidden.iter().find(|f| import == **f || import.starts_with(&format!("{f}::")));
                wrong.extend(broken.map(|f| format!("{file}: {room} imports {f} (crate::{import})")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn extensions_do_not_import_each_other() {
    for (file, text) in
        sources().iter().filter(|(f, _)| f.starts_with("save/ext/matches/") || f.starts_with("save/ext/targets/"))
    {
        let wrong: Vec<_> = imports(text)
            .into_iter()
            .filter(|i| i.starts_with("save::ext::matches::") || i.starts_with("save::ext::targets::"))
            .collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
    }
}

#[test]
fn only_the_edge_touches_the_outside() {
    let edge = |file: &str| ["cli/", "kernel/", "main.rs"].iter().any(|e| file.starts_with(e));
    for (file, text) in sources().iter().filter(|(f, _)| !edge(f)) {
        let code: String =
            shipped(text).lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let found: Vec<_> = OUTSIDE.iter().filter(|o| code.contains(**o)).collect();
        assert!(found.is_empty(), "{file}: {found:?}");
    }
}

#[test]
fn every_file_says_what_it_owns_and_is_short() {
    for (file, text) in sources() {
        assert!(text.starts_with("//!"), "{file} does not open with //!");
        let lines = shipped(&text).lines().count();
        assert!(lines <= 700, "{file} has {lines} lines");
    }
}
