//! Finds a test by name in the text of a Rust source.

/// What a source has under a name, the strongest claim last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// No function of that name.
    Absent,
    /// A function without a test attribute.
    NotATest,
    /// A test that never runs.
    Ignored,
    /// A test that runs.
    Test,
}

/// Looks for `fn name` and the attributes right above it.
///
/// A test attribute is `#[test]` or one whose path ends so, as `#[tokio::test]`; tests inside
/// `proptest!` are found too. Of several functions of that name the best counts. A test that a
/// macro names is not found: write one that calls it.
pub(crate) fn find_test(source: &str, name: &str) -> Evidence {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| defines(line, name))
        .map(|(at, _)| judge(attributes_above(&lines, at)))
        .max()
        .unwrap_or(Evidence::Absent)
}

fn defines(line: &str, name: &str) -> bool {
    let mut rest = line;
    for word in ["pub(crate) ", "pub ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    rest.strip_prefix("fn ")
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with(['(', '<']))
}

/// The lines between the item or block before and the function, attributes and comments alike.
fn attributes_above<'a>(lines: &'a [&'a str], at: usize) -> &'a [&'a str] {
    let begin = lines[..at]
        .iter()
        .rposition(|line| line.is_empty() || line.ends_with(['{', '}', ';']))
        .map_or(0, |before| before + 1);
    &lines[begin..at]
}

fn judge(attributes: &[&str]) -> Evidence {
    let has = |wanted: &str| {
        attributes
            .iter()
            .filter_map(|line| line.strip_prefix("#["))
            .filter_map(|line| line.split(['(', ']', ' ', '=']).next())
            .any(|path| path.rsplit("::").next() == Some(wanted))
    };
    match (has("test"), has("ignore")) {
        (false, _) => Evidence::NotATest,
        (true, true) => Evidence::Ignored,
        (true, false) => Evidence::Test,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
pub fn months() {}

#[cfg(test)]
mod tests {
    #[test]
    fn plain() {}
    fn helper() {}

    /// Says why.
    #[tokio::test(
        flavor = "multi_thread",
    )]
    async fn on_a_runtime() {}

    #[test]
    #[ignore = "slow"]
    fn never_runs() {}

    proptest! {
        #[test]
        fn holds_for_all(months in 1..9) {}
    }

    // fn only_a_comment() {}
    #[test_case]
    fn another_attribute() {}

    #[test]
    fn generic<T>() {}
}
"#;

    fn check(name: &str, expected: Evidence) {
        assert_eq!(find_test(SOURCE, name), expected, "{name}");
    }

    #[test]
    fn names_are_found_with_what_stands_above_them() {
        check("plain", Evidence::Test);
        check("on_a_runtime", Evidence::Test);
        check("holds_for_all", Evidence::Test);
        check("generic", Evidence::Test);
        check("never_runs", Evidence::Ignored);
        check("helper", Evidence::NotATest);
        check("months", Evidence::NotATest);
        check("another_attribute", Evidence::NotATest);
        check("only_a_comment", Evidence::Absent);
        check("plai", Evidence::Absent);
        check("plainer", Evidence::Absent);
    }

    #[test]
    fn of_two_functions_of_one_name_the_test_counts() {
        let source = "fn twice() {}\n\n#[test]\nfn twice() {}\n";
        assert_eq!(find_test(source, "twice"), Evidence::Test);
    }
}
