//! Failures and outcomes as one JSON line each, which the log viewers of the platform can search by field.

use std::error::Error;

use serde::Serialize;

/// Logs that `operation` failed, with the chain of causes.
pub fn report(operation: &str, error: &dyn Error) {
    worker::console_error!("{}", line(operation, error));
}

/// Logs what `operation` came to.
pub fn info(operation: &str, outcome: &impl Serialize) {
    worker::console_log!("{}", info_line(operation, outcome));
}

fn info_line(operation: &str, outcome: &impl Serialize) -> String {
    let outcome = serde_json::to_value(outcome).unwrap_or_else(|error| error.to_string().into());
    serde_json::json!({
        "level": "info",
        "operation": operation,
        "outcome": outcome,
    })
    .to_string()
}

fn line(operation: &str, error: &dyn Error) -> String {
    let causes: Vec<String> = std::iter::successors(error.source(), |&cause| cause.source())
        .map(ToString::to_string)
        .collect();
    serde_json::json!({
        "level": "error",
        "operation": operation,
        "error": error.to_string(),
        "causes": causes,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the job was not planned")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn an_outcome_is_one_line_with_its_fields() {
        #[derive(Serialize)]
        struct Outcome {
            deleted: u32,
        }
        assert_eq!(
            info_line("clean up", &Outcome { deleted: 2 }),
            r#"{"level":"info","operation":"clean up","outcome":{"deleted":2}}"#
        );
    }

    #[test]
    fn a_failure_is_one_line_with_its_causes() {
        let cause = "x".parse::<u8>().unwrap_err();
        assert_eq!(
            line("scheduled", &Outer(cause)),
            r#"{"causes":["invalid digit found in string"],"error":"the job was not planned","level":"error","operation":"scheduled"}"#
        );
    }
}
