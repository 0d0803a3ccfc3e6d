//! Every code this package gives has a sentence and says what to do.

use std::collections::BTreeSet;
use std::path::Path;

use canbao_core::message::{self, Lang};

/// What the names of files end with, which look like codes.
const FILE_ENDINGS: [&str; 4] = ["redb", "key", "json", "sock"];

#[test]
fn every_code_has_a_sentence_in_both_languages() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut codes = BTreeSet::new();
    for file in std::fs::read_dir(source).expect("the sources") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(path).expect("text");
            codes.extend(
                text.split('"')
                    .filter(|it| is_a_code(it))
                    .map(str::to_owned),
            );
        }
    }
    assert!(codes.len() > 30, "the codes were found");
    for code in codes {
        for lang in [Lang::Zh, Lang::En] {
            let text = message::render(&code, &[], lang);
            assert!(
                text.message != code && !text.hint.is_empty(),
                "{code} in {lang:?}"
            );
        }
    }
}

fn is_a_code(text: &str) -> bool {
    let word = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 2 && parts.iter().all(|it| word(it)) && !FILE_ENDINGS.contains(&parts[1])
}
