//! The published JSON Schema of `scenario.json`: derived from the types of [`super::format`], so it cannot differ.

use super::format::ScenarioFile;

/// The schema as JSON with a final end of line: what `firedrill schema` prints and `scenarios/scenario.schema.json` holds.
pub fn schema_json() -> String {
    let schema = schemars::schema_for!(ScenarioFile);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
