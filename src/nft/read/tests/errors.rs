//! What keeps a text from being read at all, and where.

use super::*;

#[test]
fn places() {
    for (text, line, column) in [
        ("table ip t {\n chain c {\n  log prefix \"open\n", 3, 14),
        ("table ip t {\n chain c {\n accept\n", 4, 1),
        ("table ip t { }\n}\n", 2, 1),
        ("table ip t { chain c {\n tcp dport $nope\n} }", 2, 13),
        ("define x\n", 1, 1),
        ("undefine x\n", 1, 10),
        ("\ninclude \"x\"", 2, 9),
        ("include x", 1, 1),
        ("$ 5", 1, 1),
    ] {
        let errors = read("name", text.as_bytes()).unwrap_err();
        let [error, ..] = errors.as_slice() else { panic!("{text}") };
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert_eq!(error.source, "name");
        assert!(error.help.is_some(), "{text}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    let mut text = String::from("define a0 = 1, 2, 3, 4, 5, 6, 7, 8\n");
    for level in 1..40 {
        text += &format!("define a{level} = $a{0}, $a{0}\n", level - 1);
    }
    assert!(read("bomb", text.as_bytes()).is_err());
    let deep = format!("table t {{ chain c {{ meta mark set {}1\n}} }}", "(".repeat(100_000));
    assert!(read("deep", deep.as_bytes()).is_ok());
    let long = format!("table t {{ chain c {{ meta mark set meta mark{}\n}} }}", " | ct mark".repeat(100_000));
    assert!(read("long", long.as_bytes()).is_ok());
    let open = "{".repeat(1_000_000);
    assert!(read("open", open.as_bytes()).is_ok());
}
