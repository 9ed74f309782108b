//! Documents that are made from the code are what the code says. `SNAPSHOTS=overwrite cargo test`
//! refreshes them.

use std::path::Path;

use ipt2nft::report::{coverage, optimizations};

#[test]
fn coverage_is_fresh() {
    let [exact, approximate, refused] = coverage::counts();
    println!("{exact} options exact, {approximate} approximate on request, {refused} refused");
    let head = format!(
        "# Coverage\n\nMade from the registry of extensions; do not edit. {exact} options are exact, {approximate} \
         approximate on request, {refused} refused.\n\n"
    );
    check("docs/coverage.md", &(head + coverage::markdown(None).trim_end() + "\n"));
}

#[test]
fn optimizations_are_fresh() {
    check("docs/optimizations.md", &optimizations::markdown().unwrap_or_else(|why| panic!("{why}")));
}

#[test]
fn the_readme_counts_right() {
    let [exact, approximate, refused] = coverage::counts();
    let line = format!(
        "Of the options of all extensions {exact} translate exactly, {approximate} approximately on request, {refused} are refused"
    );
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(readme).unwrap().replace('\n', " ");
    assert!(text.contains(&line), "README.md should say: {line}");
}

fn check(path: &str, want: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        std::fs::write(&file, want).unwrap();
    }
    let got = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(got == want, "{path} is stale: run SNAPSHOTS=overwrite cargo test --test docs");
}
