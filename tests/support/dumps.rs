//! The dumps that tests try: the fixtures, and real ones in the folder that `IPT2NFT_CORPUS` names.

use std::path::{Path, PathBuf};

use ipt2nft::diag::Source;
use ipt2nft::packet::Family;

/// A dump with the family that its name tells.
#[derive(Clone)]
pub struct Dump {
    pub name: String,
    pub family: Family,
    pub text: Vec<u8>,
}

impl Dump {
    pub fn source(&self) -> Source {
        Source::new(0, &self.name, self.text.clone()).unwrap()
    }
}

/// Those of `fixtures/translate`.
pub fn fixtures() -> Vec<Dump> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/translate"))
}

/// Real ones; none, with a word about it, where no folder is named.
pub fn corpus() -> Vec<Dump> {
    let Some(folder) = std::env::var_os("IPT2NFT_CORPUS").map(PathBuf::from) else {
        println!("skipped: real dumps, since IPT2NFT_CORPUS names no folder");
        return Vec::new();
    };
    read(&folder)
}

fn read(folder: &Path) -> Vec<Dump> {
    let entries = std::fs::read_dir(folder).expect("a folder of dumps");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let dumps = files.iter().filter_map(|path| {
        let family = match path.extension()?.to_str()? {
            "v4" => Family::Ip,
            "v6" => Family::Ip6,
            _ => return None,
        };
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some(Dump { name, family, text: std::fs::read(path).unwrap() })
    });
    dumps.collect()
}
