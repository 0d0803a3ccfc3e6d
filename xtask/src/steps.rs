//! Runs the steps of a check in order, stops at the first failure, and sums up.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// One step: what it is called and what it does.
pub(crate) struct Step<'a> {
    pub(crate) name: &'static str,
    pub(crate) action: Box<dyn FnOnce() -> Result<Outcome, Failure> + 'a>,
}

/// How a step that did not fail ended.
pub(crate) enum Outcome {
    /// Everything was checked.
    Passed,
    /// Nothing could be checked, for this reason, which the summary repeats.
    Unchecked(String),
}

/// Why a step failed and what the reader can do about it.
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) advice: String,
}

/// Runs `steps`; true when none failed. Headings, durations and the summary go to `out`.
pub(crate) fn run_all(steps: Vec<Step<'_>>, out: &mut impl Write) -> io::Result<bool> {
    let begin = Instant::now();
    let count = steps.len();
    let mut summary = Vec::new();
    let mut failure = None;
    for (index, step) in steps.into_iter().enumerate() {
        if failure.is_some() {
            summary.push(format!("  {:<11}  {}", "not run", step.name));
            continue;
        }
        writeln!(out, "\n=== {}/{count} {} ===", index + 1, step.name)?;
        let started = Instant::now();
        let result = (step.action)();
        let took = seconds(started.elapsed());
        let (word, because) = match &result {
            Ok(Outcome::Passed) => ("passed", String::new()),
            Ok(Outcome::Unchecked(reason)) => ("NOT CHECKED", format!(": {reason}")),
            Err(_) => ("FAILED", String::new()),
        };
        summary.push(format!("  {word:<11}  {} ({took}){because}", step.name));
        writeln!(out, "=== {} {word} in {took}{because} ===", step.name)?;
        failure = result.err().map(|failure| (step.name, failure));
    }
    writeln!(out, "\nAll steps, {}", seconds(begin.elapsed()))?;
    for line in summary {
        writeln!(out, "{line}")?;
    }
    if let Some((name, Failure { reason, advice })) = &failure {
        writeln!(out, "\n{name} failed: {reason}\nWhat to do: {advice}")?;
    }
    Ok(failure.is_none())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, result: Result<Outcome, Failure>) -> Step<'static> {
        Step {
            name,
            action: Box::new(move || result),
        }
    }

    fn report(steps: Vec<Step<'_>>) -> (bool, String) {
        let mut out = Vec::new();
        let passed = run_all(steps, &mut out).unwrap();
        (passed, String::from_utf8(out).unwrap())
    }

    #[test]
    fn all_steps_pass_and_each_has_a_heading_and_a_line_in_the_summary() {
        let (passed, text) = report(vec![
            step("first", Ok(Outcome::Passed)),
            step(
                "second",
                Ok(Outcome::Unchecked("it was unreachable".into())),
            ),
        ]);
        assert!(passed);
        assert!(text.contains("=== 1/2 first ==="), "{text}");
        assert!(text.contains("=== 2/2 second ==="), "{text}");
        assert!(text.contains("  passed       first ("), "{text}");
        assert!(text.contains("  NOT CHECKED  second ("), "{text}");
        assert!(text.contains(" s): it was unreachable\n"), "{text}");
    }

    #[test]
    fn the_first_failure_stops_the_rest_and_ends_the_report() {
        let failure = Failure {
            reason: "it is broken".into(),
            advice: "mend it".into(),
        };
        let never = Step {
            name: "third",
            action: Box::new(|| panic!("a step after a failure ran")),
        };
        let (passed, text) = report(vec![
            step("first", Ok(Outcome::Passed)),
            step("second", Err(failure)),
            never,
        ]);
        assert!(!passed);
        assert!(text.contains("  FAILED       second ("), "{text}");
        assert!(text.contains("  not run      third"), "{text}");
        assert!(
            text.ends_with("second failed: it is broken\nWhat to do: mend it\n"),
            "{text}"
        );
    }
}
