//! What a deployment may set in `vars`, or as secrets.

use std::ops::RangeInclusive;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::Env;

/// A variable holds something that is no whole number in its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is `{value}`, but must be a whole number from {min} to {max}; correct it under `vars` in the Worker's configuration and deploy again"
)]
pub struct SettingError {
    /// The variable's name.
    pub name: &'static str,
    /// What it holds.
    pub value: String,
    /// The smallest value allowed.
    pub min: u32,
    /// The largest value allowed.
    pub max: u32,
}

/// The variable `name`, given as a string or a number; `None` when it is not set or empty.
pub fn whole_number(
    env: &Env,
    name: &'static str,
    range: RangeInclusive<u32>,
) -> Result<Option<u32>, SettingError> {
    let value = get(env, name);
    let text = match (value.as_string(), value.as_f64()) {
        (Some(text), _) => text,
        (None, Some(number)) => number.to_string(),
        (None, None) if value.is_null_or_undefined() => return Ok(None),
        (None, None) => format!("{value:?}"),
    };
    parse(name, text.trim(), range)
}

/// The variable or secret `name`, where it is a text.
pub fn text(env: &Env, name: &str) -> Option<String> {
    get(env, name).as_string()
}

fn get(env: &Env, name: &str) -> JsValue {
    Reflect::get(env, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn parse(
    name: &'static str,
    text: &str,
    range: RangeInclusive<u32>,
) -> Result<Option<u32>, SettingError> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(value) if range.contains(&value) => Ok(Some(value)),
        _ => Err(SettingError {
            name,
            value: text.to_owned(),
            min: *range.start(),
            max: *range.end(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_range_is_taken() {
        assert_eq!(parse("BASE", "30", 1..=60), Ok(Some(30)));
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert_eq!(parse("BASE", "", 1..=60), Ok(None));
    }

    #[test]
    fn anything_else_says_what_is_allowed() {
        for text in ["0", "61", "-1", "1.5", "soon"] {
            let error = parse("BASE", text, 1..=60).unwrap_err();
            assert!(error.to_string().contains("from 1 to 60"), "{error}");
        }
    }
}
