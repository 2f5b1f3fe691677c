//! Before an answer counts: what in it could mean two things, or nothing of this fleet and vocabulary, is asked back.

use super::answer::Answer;
use super::object::Object;
use super::phrase::{self, Cause, Meant};
use super::when;
use crate::base::SimTime;
use crate::base::explain::printable;

/// A question to the player about one member of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The member: "mechanism".
    pub member: &'static str,
    pub question: String,
    /// What it can be: (what to write, what it means). Empty where the whole list is offered.
    pub options: Vec<(String, String)>,
}

/// What has to be asked about `answer`, in the order of its members; nothing if it can be judged as it is.
/// `alert` is when the page came: it decides what a time of day means.
pub fn review(answer: &Answer, objects: &[Object], alert: SimTime) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut ask = |member, text: &str, options: Vec<(String, String)>, none: &str| {
        let text = printable(text);
        let question = if options.is_empty() {
            format!("\"{text}\": {none}")
        } else {
            format!("\"{text}\" could be several things. Which is meant?")
        };
        asked.push(Asked { member, question, options });
    };
    match phrase::object(&answer.origin, objects) {
        Meant::One(_) => {}
        Meant::Several(several) => {
            let options = several.iter().map(|o| (o.id.clone(), o.kind.label().to_string())).collect();
            ask("origin", &answer.origin, options, "");
        }
        Meant::Nothing => ask("origin", &answer.origin, Vec::new(), "no component of this fleet is called so"),
    }
    match phrase::cause(&answer.mechanism) {
        Meant::One(_) => {}
        Meant::Several(several) => {
            let options = several.iter().map(|c: &Cause| (c.code(), c.about())).collect();
            ask("mechanism", &answer.mechanism, options, "");
        }
        Meant::Nothing => ask(
            "mechanism",
            &answer.mechanism,
            Vec::new(),
            "the vocabulary knows nothing like it; look for other words for it in the list",
        ),
    }
    if let Some(text) = &answer.trigger {
        match phrase::trigger(text) {
            Meant::One(_) => {}
            Meant::Several(several) => {
                ask("trigger", text, several.iter().map(|t| (t.code().to_string(), String::new())).collect(), "");
            }
            Meant::Nothing => ask("trigger", text, Vec::new(), "this is none of the triggers; see the list"),
        }
    }
    for text in &answer.factors {
        match phrase::factor(text) {
            Meant::One(_) => {}
            Meant::Several(several) => {
                ask("factors", text, several.iter().map(|f| (f.code().to_string(), String::new())).collect(), "");
            }
            Meant::Nothing => {
                ask("factors", text, Vec::new(), "this is none of the contributing factors; see the list")
            }
        }
    }
    let since = answer.impact.as_ref().and_then(|i| i.since.as_ref());
    for (member, text) in [("onset", answer.onset.as_ref()), ("impact.since", since)] {
        if let Some(text) = text.filter(|t| when::micros(t, alert).is_none()) {
            const FORMS: &str =
                "this is no time; write \"-21d\", \"3 weeks ago\", \"2026-02-19 14:07\" or \"03:03\" (UTC)";
            ask(member, text, Vec::new(), FORMS);
        }
    }
    asked
}
