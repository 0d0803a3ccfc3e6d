//! The cases of `core/cases/business.toml`: readable by a clerk, run as they stand.
//!
//! A line is a step and, behind `=>`, what comes of it. Persons and units are words; the first
//! step that names one makes it up. See the file's head for the steps there are.

use serde::Deserialize;

use super::play::Play;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    /// The requirement.
    id: String,
    /// What it shows, for a clerk.
    says: String,
    steps: Vec<String>,
}

#[test]
fn every_case_comes_out_as_it_says() {
    let cases: Cases = toml::from_str(include_str!("../../../cases/business.toml")).expect("cases");
    let mut wrong = Vec::new();
    for case in &cases.case {
        let mut play = Play::new();
        for step in &case.steps {
            let (order, expected) = match step.split_once("=>") {
                Some((order, expected)) => (order.trim(), Some(expected.trim())),
                None => (step.trim(), None),
            };
            let found = play.step(order);
            if found != expected.unwrap_or("通过") {
                wrong.push(format!(
                    "{} {}\n  {step}\n  但是: {found}",
                    case.id, case.says
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn there_are_enough_cases_and_each_names_a_requirement() {
    let cases: Cases = toml::from_str(include_str!("../../../cases/business.toml")).expect("cases");
    let known = include_str!("../../../../docs/domain/requirements.md");
    for case in &cases.case {
        let row = format!("| {} |", case.id);
        assert!(known.contains(&row), "no requirement {}", case.id);
        assert!(!case.steps.is_empty(), "{}", case.says);
    }
    assert!(cases.case.len() >= LEAST, "{}", cases.case.len());
}

/// Fewer cases than there were means that some went.
const LEAST: usize = 100;
