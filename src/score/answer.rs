//! What a player answers: the record of DESIGN 5, with the closed lists that its fields are drawn from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::explain;

/// How bad an incident is, as its response times are agreed: P0 complete outage … P3 cosmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Severity {
    P0,
    P1,
    P2,
    P3,
}

impl Severity {
    pub const ALL: [Severity; 4] = [Severity::P0, Severity::P1, Severity::P2, Severity::P3];

    pub fn code(self) -> &'static str {
        match self {
            Severity::P0 => "P0",
            Severity::P1 => "P1",
            Severity::P2 => "P2",
            Severity::P3 => "P3",
        }
    }
    /// Reads `P1` or `p1`.
    pub fn parse(text: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|s| s.code().eq_ignore_ascii_case(text.trim()))
    }
}

/// How sure the player is. Shown in the debrief, never scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// Declares a closed list of codes: the enum, its serde names, its codes and the plain phrases that lead to each.
macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal: [$($phrase:literal),* $(,)?]),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $(#[serde(rename = $code)] $variant),*
        }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The code as it stands in files and answers.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code),* }
            }
            /// Plain words that mean the same.
            pub fn phrases(self) -> &'static [&'static str] {
                match self { $($name::$variant => &[$($phrase),*]),* }
            }
        }
    };
}

closed_list! {
    /// What set the mechanism going (one).
    Trigger {
        Deploy = "deploy": ["a release", "new version rolled out", "deployment"],
        ConfigChange = "config-change": ["configuration change", "a setting was changed", "edited config", "changed an environment variable"],
        Migration = "migration": ["schema migration", "database migration"],
        Maintenance = "maintenance": ["maintenance", "planned restart", "maintenance window"],
        ScheduledJob = "scheduled-job": ["cron job", "nightly batch", "a timer ran"],
        TrafficRamp = "traffic-ramp": ["traffic grew", "marketing campaign", "load spike", "burst of requests"],
        DataGrowth = "data-growth": ["slow data growth", "data piled up over weeks", "gradual growth"],
        Expiry = "expiry": ["something expired", "time ran out", "a date was reached"],
        Dependency = "dependency-degradation": ["a dependency got slow", "upstream degraded", "third party problem"],
        HardwareNetwork = "hardware-network-event": ["hardware failure", "network event", "a link went down"],
        HumanCommand = "human-command": ["someone ran a command", "manual action", "operator command"],
        CredentialRotation = "credential-rotation": ["password rotated", "credentials were rotated", "key rotation"],
        BadInput = "bad-input": ["poison message", "malformed input", "bad event"],
        Unknown = "unknown": ["not known", "could not tell"],
    }
}

closed_list! {
    /// What let it happen or made it worse (any number).
    Factor {
        NoAlert = "no-alert": ["nothing alerted on it"],
        AlertThresholdLate = "alert-threshold-late": ["alert came too late", "threshold too high"],
        WarningIgnored = "warning-ignored": ["alert ignored", "warning mail nobody read", "alert-ignored"],
        MaskingQuery = "masking-query": ["the query hid it", "average hid it"],
        MissingLimit = "missing-limit": ["no limit set", "no quota"],
        MissingTimeout = "missing-timeout": ["no timeout"],
        NoRetention = "no-retention": ["no rotation", "no retention", "nothing deletes old data", "no-log-retention"],
        UniformTtl = "uniform-ttl": ["all keys expire together"],
        NoSingleFlight = "no-single-flight": ["every miss recomputes"],
        RetryWithoutBackoff = "retry-without-backoff": ["retries without backoff"],
        NoIdempotency = "no-idempotency": ["not idempotent"],
        SharedResource = "shared-resource-no-isolation": ["shared root file system", "shared disk", "no isolation", "shared-root-fs"],
        SharedFateMonitoring = "shared-fate-monitoring": ["monitoring failed with it"],
        SharedFateControlPlane = "shared-fate-control-plane": ["the control plane failed with it"],
        HealthCheckShallow = "health-check-shallow": ["health check too shallow"],
        HealthCheckDeep = "health-check-deep": ["health check too deep"],
        CopyPasteConfig = "copy-paste-config": ["copied configuration"],
        ConfigDrift = "config-drift": ["configuration drifted", "a temporary change was left in"],
        DefaultLeft = "default-left": ["default value left"],
        NoStaging = "no-staging-canary": ["no canary", "no staging"],
        NoValidation = "no-predeploy-validation": ["not validated before the deploy"],
        UntestedBackup = "untested-backup": ["backup never tested"],
        NoBlastRadiusGuard = "no-blast-radius-guard": ["nothing limited the blast radius"],
        UndocumentedInvariant = "undocumented-invariant": ["nobody had written it down"],
        RunbookGap = "runbook-gap": ["runbook missing", "runbook out of date"],
        DecommissionGap = "decommission-gap": ["not decommissioned properly"],
        CpuOnlyScaling = "cpu-only-scaling": ["scales on CPU only"],
        LegacyClient = "legacy-client": ["old client"],
        DeadCode = "dead-code": ["dead code"],
    }
}

/// Who is hurt, how much, since when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// The service whose users notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The share of requests or users that fail, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// When it began: an offset from the alert ("-4m") or an instant in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether data was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_loss: Option<bool>,
}

/// The diagnosis: a record of facts. Only `origin` and `mechanism` are required; a plain phrase may stand for a code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// The component of this fleet where it began: its id or plain words for it.
    pub origin: String,
    /// A code of the vocabulary ("ST-1/unrotated-log") or a plain phrase.
    pub mechanism: String,
    /// What set it going: a code ("config-change") or a plain phrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Since when the cause has been there: an offset from the alert ("-21d") or an instant in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<String>,
    /// What exactly was changed: a key, a path, a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What let it happen or made it worse: codes or plain phrases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<String>,
    /// What looked like the cause and was not: components or codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ruled_out: Vec<String>,
    /// What stopped the harm, in the player's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigation: Option<String>,
    /// What removed the cause, in the player's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Lines of evidence, at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

/// Bytes of one text of an answer.
const TEXT_BYTES: usize = 2000;
/// Entries of one list of an answer.
const LIST: usize = 30;
/// Lines of evidence.
pub const PINS: usize = 5;

impl Answer {
    /// Reads an answer's JSON. The error says where, what is wrong and what to write.
    pub fn parse(json: &str) -> Result<Answer, String> {
        if json.len() > 256 << 10 {
            return Err("the answer is too long; write at most a few sentences for each member".into());
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let answer: Answer = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
            let (line, syntax) = (e.inner().line(), !e.inner().is_data());
            let (wrong, write) = if syntax {
                explain::syntax(&e.inner().to_string())
            } else {
                let (at, wrong, write) = explain::refusal(e);
                let at = explain::write_path(&at);
                (if at.is_empty() { wrong } else { format!("{at}: {wrong}") }, write)
            };
            format!("line {line}: {wrong}; {write}")
        })?;
        reader.end().map_err(|e| format!("line {}: there is more after the answer; remove it", e.line()))?;
        answer.sound()?;
        Ok(answer)
    }

    /// Whether every text and number is within bounds. The error names the member.
    pub fn sound(&self) -> Result<(), String> {
        let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
        let impact = self.impact.clone().unwrap_or_default();
        let texts: [(&str, Vec<String>); 12] = [
            ("origin", vec![self.origin.clone()]),
            ("mechanism", vec![self.mechanism.clone()]),
            ("trigger", one(&self.trigger)),
            ("onset", one(&self.onset)),
            ("detail", one(&self.detail)),
            ("factors", self.factors.clone()),
            ("ruled_out", self.ruled_out.clone()),
            ("mitigation", one(&self.mitigation)),
            ("fix", one(&self.fix)),
            ("pins", self.pins.clone()),
            ("impact.service", one(&impact.service)),
            ("impact.since", one(&impact.since)),
        ];
        for (name, texts) in texts {
            if texts.len() > LIST {
                return Err(format!("{name}: there are {} entries; write at most {LIST}", texts.len()));
            }
            if texts.iter().any(|t| t.len() > TEXT_BYTES) {
                return Err(format!("{name}: the text is too long; write at most {TEXT_BYTES} bytes"));
            }
        }
        for (name, text) in [("origin", &self.origin), ("mechanism", &self.mechanism)] {
            if text.trim().is_empty() {
                return Err(format!("{name}: this is empty; write a code or plain words"));
            }
        }
        if self.pins.len() > PINS {
            return Err(format!("pins: there are {}; keep the {PINS} that prove most", self.pins.len()));
        }
        match impact.share {
            Some(share) if !(0.0..=1.0).contains(&share) => Err(format!(
                "impact.share: {share} is no share; write a number from 0 to 1, such as 0.3 for 30 percent"
            )),
            _ => Ok(()),
        }
    }
}
