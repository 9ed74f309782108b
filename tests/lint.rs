//! The lints from outside: files, pages and the command agree.

use std::collections::BTreeSet;

use ipt2nft::lint::registry::LINTS;

#[test]
fn every_file_is_registered_and_every_page_belongs_to_a_lint() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
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
