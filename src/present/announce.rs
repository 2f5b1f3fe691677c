//! What the polite status region says, so that a command's result is heard and a flood of output is not.

use crate::protocol::{AlertState, CommandState, PlayerAlert};

/// Lines that are read out in full; more are counted.
const READ_LINES: usize = 20;

/// The end of a command with the lines that it printed.
pub fn command(text: &str, state: CommandState, output: &[String]) -> Option<String> {
    let CommandState::Done(status) = state else { return None };
    let status = match status {
        None | Some(0) => String::new(),
        Some(code) => format!(", exit code {code}"),
    };
    Some(match output.len() {
        0 => format!("{text}: no output{status}."),
        1..=READ_LINES => format!("{}{status}", output.join("\n")),
        n => format!("{text}: {n} lines{status}. Press Alt+F2 to review."),
    })
}

/// The heading of a command in the log: `df -h`, `systemctl status nginx, exit code 3`, `tail -f app.log, running`.
pub fn heading(text: &str, state: CommandState) -> String {
    let text = if text.is_empty() { "command" } else { text };
    match state {
        CommandState::Running => format!("{text}, running"),
        CommandState::Done(None | Some(0)) => text.to_owned(),
        CommandState::Done(Some(code)) => format!("{text}, exit code {code}"),
    }
}

/// What changed between two lists of alerts.
pub fn alerts(before: &[PlayerAlert], after: &[PlayerAlert]) -> Option<String> {
    let mut said = Vec::new();
    for alert in after {
        let was = before.iter().find(|a| a.name == alert.name && a.labels == alert.labels).map(|a| a.state);
        match (was, alert.state) {
            (Some(was), now) if was == now => {}
            (_, AlertState::Firing) => said.push(format!("Alert {} is firing.", alert.name)),
            (_, AlertState::Resolved) => said.push(format!("Alert {} is resolved.", alert.name)),
            (_, AlertState::Pending) => said.push(format!("Alert {} is pending.", alert.name)),
        }
    }
    (!said.is_empty()).then(|| said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_output_is_read_and_long_output_counted() {
        assert_eq!(command("pwd", CommandState::Done(Some(0)), &["/root".into()]).as_deref(), Some("/root"));
        assert_eq!(
            command("false", CommandState::Done(Some(1)), &[]).as_deref(),
            Some("false: no output, exit code 1.")
        );
        let many = vec![String::from("x"); 142];
        let said = command("ps", CommandState::Done(Some(1)), &many).unwrap_or_default();
        assert_eq!(said, "ps: 142 lines, exit code 1. Press Alt+F2 to review.");
        assert_eq!(command("top", CommandState::Running, &[]), None);
    }

    #[test]
    fn only_changes_of_alerts_are_said() {
        let alert = |state| PlayerAlert { name: "DiskSpace".into(), state, ..PlayerAlert::default() };
        let firing = [alert(AlertState::Firing)];
        assert_eq!(alerts(&firing, &firing), None);
        assert_eq!(alerts(&firing, &[alert(AlertState::Resolved)]).as_deref(), Some("Alert DiskSpace is resolved."));
    }
}
