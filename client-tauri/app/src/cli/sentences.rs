//! Tests that everything the program can say has words in both languages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use canbao_core::message::{Lang, codes};

/// Where codes of a device's program are written down.
const SOURCES: [&str; 4] = [
    "src",
    "../../core/src",
    "../../transport/src",
    "../../workbook/src",
];
/// What looks like a code and is a file's name.
const ENDINGS: [&str; 6] = ["redb", "sock", "key", "json", "toml", "xml"];

#[test]
fn every_code_has_its_sentence_in_both_languages() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for source in SOURCES {
        rust_files(&here.join(source), &mut files);
    }
    assert!(files.len() > 50, "the sources were not found");
    let mut written = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let program = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        written.extend(
            program
                .split('"')
                .filter(|it| is_code(it))
                .map(str::to_owned),
        );
    }
    for lang in [Lang::Zh, Lang::En] {
        let known: BTreeSet<String> = codes(lang).map(str::to_owned).collect();
        let missing: Vec<_> = written.difference(&known).collect();
        assert!(missing.is_empty(), "{lang:?}: {missing:?}");
    }
}

#[test]
fn every_caption_has_its_words() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&here.join("src/cli/render"), &mut files);
    let known: BTreeSet<&str> = codes(Lang::Zh).collect();
    let mut found = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let program = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        for asked in [
            "caption(\"",
            "words(\"",
            "amounts(\"",
            "titled(\"",
            ".with(\"",
            ".maybe(\"",
        ] {
            for rest in program.split(asked).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                assert!(known.contains(format!("caption.{name}").as_str()), "{name}");
                found += 1;
            }
        }
    }
    assert!(found > 100, "{found}");
}

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap_or_default();
        let is_test = ["tests", "simulation", "interop", "sentences"]
            .iter()
            .any(|it| name == *it);
        if path.is_dir() && !is_test {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") && !is_test {
            found.push(path);
        }
    }
}

/// A dotted code, as `store.busy`.
fn is_code(text: &str) -> bool {
    let word = |it: &str| {
        !it.is_empty()
            && it
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    text.split_once('.')
        .is_some_and(|(first, rest)| word(first) && word(rest) && !ENDINGS.contains(&rest))
}
