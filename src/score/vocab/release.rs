//! Release and orchestration: RE-1 to RE-5. Observability: OB-1 to OB-4. Frontend: FE-1.

use super::{Class, Layer, m};

pub(super) const RELEASE: Layer = Layer {
    name: "Release / orchestration",
    classes: &[
        Class {
            code: "RE-1",
            name: "code-regression",
            generic: &["bug", "bad deploy", "code bug"],
            mechanisms: &[
                m(
                    "exception-path",
                    "new code fails on a path that was not tried",
                    &[
                        "unhandled exception in the new code",
                        "null pointer after the deploy",
                        "new release throws",
                        "untested error path",
                        "exception in a rare branch",
                        "typeerror since the release",
                    ],
                ),
                m(
                    "contract-change",
                    "an interface changed and its users did not",
                    &[
                        "api contract changed",
                        "breaking api change",
                        "response shape changed for clients",
                        "field renamed in the api",
                        "incompatible interface",
                        "callers not updated",
                    ],
                ),
                m(
                    "performance",
                    "new code is slower",
                    &[
                        "performance regression",
                        "new version is slower",
                        "deploy made it slow",
                        "latency regression in the release",
                        "slower code path since the deploy",
                        "cpu per request doubled with the release",
                    ],
                ),
            ],
        },
        Class {
            code: "RE-2",
            name: "version-skew",
            generic: &["mixed versions", "version mismatch"],
            mechanisms: &[
                m(
                    "partial-deploy+flag-reuse",
                    "an old version reacts to a flag that now means something else",
                    &[
                        "one server has the old version",
                        "partial deploy",
                        "reused feature flag",
                        "old code behind a reused flag",
                        "deploy missed a server",
                        "server left on the old release",
                    ],
                ),
                m(
                    "schema-behind-code",
                    "the code expects a schema that is not there yet",
                    &[
                        "migration not run",
                        "schema behind the code",
                        "column does not exist after the deploy",
                        "code deployed before the migration",
                        "pending migration",
                        "new code on the old schema",
                    ],
                ),
                m(
                    "asset/chunk-mismatch",
                    "pages and assets are of different builds",
                    &[
                        "assets of another build",
                        "old html with new assets",
                        "chunk hash mismatch between servers",
                        "static files from another release",
                        "asset version skew",
                        "manifest and assets differ",
                    ],
                ),
                m(
                    "mixed-config",
                    "instances run with different configuration",
                    &[
                        "instances with different config",
                        "mixed configuration",
                        "some servers have the old config",
                        "config not reloaded everywhere",
                        "half of the fleet reconfigured",
                        "configuration differs between nodes",
                    ],
                ),
            ],
        },
        Class {
            code: "RE-3",
            name: "unstaged-global-push",
            generic: &["global change", "pushed everywhere at once"],
            mechanisms: &[
                m(
                    "rule/config-global",
                    "a rule or setting went everywhere at once",
                    &[
                        "config pushed globally at once",
                        "global rule rollout",
                        "rule deployed worldwide",
                        "configuration without a staged rollout",
                        "global configuration push",
                        "no canary for the rule",
                    ],
                ),
                m(
                    "flag-100%",
                    "a flag went from nothing to everybody",
                    &[
                        "flag switched to everyone",
                        "feature flag at 100 percent",
                        "feature enabled for all users at once",
                        "flag without a gradual rollout",
                        "flag flipped globally",
                        "feature toggled on everywhere",
                    ],
                ),
                m(
                    "simultaneous-schedule",
                    "every host does it at the same time",
                    &[
                        "all hosts at the same time",
                        "simultaneous update on all hosts",
                        "same schedule everywhere",
                        "upgrade at the same hour in all regions",
                        "no splay in the schedule",
                        "fleet-wide timer",
                    ],
                ),
            ],
        },
        Class {
            code: "RE-4",
            name: "automation-misfire",
            generic: &["automation did it", "autoscaler problem"],
            mechanisms: &[
                m(
                    "autoscaler-wrong-signal",
                    "scaling follows the wrong measure",
                    &[
                        "autoscaler scales on the wrong metric",
                        "scaled down during the incident",
                        "hpa follows cpu while it waits",
                        "autoscaler wrong signal",
                        "scaled in because cpu was low",
                        "autoscaling on a misleading metric",
                    ],
                ),
                m(
                    "failover-flap",
                    "fail-over goes back and forth",
                    &[
                        "failover flapping",
                        "failover went back and forth",
                        "automatic failover misfired",
                        "leader flaps",
                        "orchestrator failed over wrongly",
                        "unneeded failover",
                    ],
                ),
                m(
                    "reaper/cleaner",
                    "a cleaner removed what was needed",
                    &[
                        "cleanup job deleted live data",
                        "reaper removed what was in use",
                        "garbage collection job removed it",
                        "retention job deleted too much",
                        "janitor terminated instances",
                        "cleaner script misfired",
                    ],
                ),
            ],
        },
        Class {
            code: "RE-5",
            name: "coordination-overload",
            generic: &["consul overloaded", "etcd slow", "control plane overloaded"],
            mechanisms: &[
                m(
                    "stream-channel-contention",
                    "streams of updates contend inside the coordinator",
                    &[
                        "consul streaming contention",
                        "contention on a channel",
                        "streaming feature overloads consul",
                        "watch stream contention",
                        "go channel contention",
                        "streaming backend lock contention",
                    ],
                ),
                m(
                    "boltdb-freelist",
                    "the store's free list became expensive",
                    &[
                        "boltdb freelist",
                        "bolt free list grows",
                        "freelist written on every commit",
                        "raft log store freelist",
                        "bbolt freelist sync",
                        "free page list too large",
                    ],
                ),
                m(
                    "fsync-latency",
                    "the coordinator's disk syncs slowly",
                    &[
                        "etcd fsync slow",
                        "wal fsync latency",
                        "slow disk under etcd",
                        "raft heartbeat missed because of fsync",
                        "leader election by slow disk",
                        "consensus store on slow storage",
                    ],
                ),
                m(
                    "watch-fan-out",
                    "every change wakes too many watchers",
                    &[
                        "too many watches",
                        "watch fan-out",
                        "every change notifies all clients",
                        "informers relist",
                        "list requests overload the api server",
                        "watchers multiply each write",
                    ],
                ),
            ],
        },
    ],
};

pub(super) const OBSERVABILITY: Layer = Layer {
    name: "Observability",
    classes: &[
        Class {
            code: "OB-1",
            name: "telemetry-gap",
            generic: &["no metrics", "monitoring broken", "target down"],
            mechanisms: &[
                m(
                    "exporter-process-failed",
                    "the exporter does not run",
                    &[
                        "exporter down",
                        "exporter crashed",
                        "node exporter not running",
                        "metrics process died",
                        "exporter service stopped",
                        "agent not running",
                    ],
                ),
                m(
                    "exporter-error/partial",
                    "the exporter answers with errors or gaps",
                    &[
                        "exporter returns 500",
                        "exporter error",
                        "partial metrics",
                        "scrape returns an error",
                        "collector failed inside the exporter",
                        "exporter cannot reach its database",
                    ],
                ),
                m(
                    "target-misconfig",
                    "the scrape target is wrong",
                    &[
                        "wrong scrape target",
                        "target address wrong",
                        "scrape config typo",
                        "job scrapes the wrong port",
                        "relabeling drops the target",
                        "service discovery finds nothing",
                    ],
                ),
                m(
                    "config-rejected",
                    "the monitoring server refuses its new configuration",
                    &[
                        "prometheus rejected its config",
                        "reload of the monitoring failed",
                        "rule file invalid",
                        "monitoring config not loaded",
                        "prometheus still runs the old config",
                        "configuration reload unsuccessful",
                    ],
                ),
                m(
                    "log-pipeline-stopped",
                    "logs no longer reach their store",
                    &[
                        "log shipping stopped",
                        "promtail stopped",
                        "logs not arriving",
                        "log agent positions stuck",
                        "loki rejects the logs",
                        "log pipeline broken",
                    ],
                ),
                m(
                    "notifier-failing",
                    "alerts fire and nobody hears them",
                    &[
                        "alerts not delivered",
                        "notifier failing",
                        "webhook to the pager fails",
                        "alertmanager cannot send",
                        "smtp for alerts broken",
                        "pager integration key wrong",
                    ],
                ),
                m(
                    "storage-full",
                    "the monitoring's own storage is full",
                    &[
                        "monitoring storage full",
                        "prometheus cannot write its wal",
                        "no space for metrics",
                        "loki disk full",
                        "monitoring disk full",
                        "tsdb write fails for lack of space",
                    ],
                ),
            ],
        },
        Class {
            code: "OB-2",
            name: "metric-cardinality",
            generic: &["too many series", "high cardinality"],
            mechanisms: &[
                m(
                    "unbounded-label",
                    "a label has endless values",
                    &[
                        "user id as a label",
                        "unbounded label",
                        "label with endless values",
                        "cardinality explosion",
                        "request id in a metric label",
                        "label per customer",
                    ],
                ),
                m(
                    "pod-churn",
                    "short-lived pods leave series behind",
                    &[
                        "pod churn",
                        "series per pod restart",
                        "short lived pods make series",
                        "churn of container ids",
                        "crashing pods create series",
                        "ephemeral instance labels",
                    ],
                ),
                m(
                    "scrape-interval/retention-change",
                    "a shorter interval or longer retention multiplied the samples",
                    &[
                        "scrape interval lowered",
                        "retention raised",
                        "scrapes more often than before",
                        "sample rate multiplied",
                        "scrape interval one second",
                        "longer retention multiplies samples",
                    ],
                ),
            ],
        },
        Class {
            code: "OB-3",
            name: "dashboard-query-fault",
            generic: &["dashboard broken", "no data in grafana"],
            mechanisms: &[
                m(
                    "variable-regex",
                    "a dashboard variable matches nothing",
                    &[
                        "dashboard variable matches nothing",
                        "variable regex wrong",
                        "template variable empty",
                        "grafana variable filters all",
                        "dropdown variable broken",
                        "variable query returns nothing",
                    ],
                ),
                m(
                    "metric-renamed",
                    "the query asks for a name that is gone",
                    &[
                        "metric renamed",
                        "query uses the old metric name",
                        "metric name changed in the upgrade",
                        "exporter renamed its metrics",
                        "panel asks for a metric that is gone",
                        "label renamed in the query",
                    ],
                ),
                m(
                    "time-range/retention",
                    "the panel looks where there is no data",
                    &[
                        "time range outside the retention",
                        "dashboard time range wrong",
                        "range older than the retention",
                        "wrong time zone in grafana",
                        "panel looks at the wrong period",
                        "zoomed into an empty range",
                    ],
                ),
                m(
                    "datasource",
                    "the panel asks the wrong source",
                    &[
                        "wrong datasource",
                        "datasource url wrong",
                        "grafana datasource unreachable",
                        "datasource deleted",
                        "panel uses another prometheus",
                        "datasource credentials wrong",
                    ],
                ),
                m(
                    "promql-type",
                    "the query's types do not fit",
                    &[
                        "promql type error",
                        "rate on a gauge",
                        "rate without a range",
                        "range vector where an instant is needed",
                        "sum over rate mixed up",
                        "aggregation before rate",
                    ],
                ),
            ],
        },
        Class {
            code: "OB-4",
            name: "alert-routing-fault",
            generic: &["too many alerts", "alerting broken", "duplicate alerts"],
            mechanisms: &[
                m(
                    "unclustered-alertmanagers",
                    "two alertmanagers do not know each other",
                    &[
                        "alertmanagers not clustered",
                        "two alertmanagers notify independently",
                        "alertmanager cluster split",
                        "gossip between alertmanagers blocked",
                        "ha alertmanager without mesh",
                        "cluster peer missing",
                    ],
                ),
                m(
                    "continue-overlap",
                    "routes overlap through continue",
                    &[
                        "continue true duplicates",
                        "overlapping routes",
                        "route tree continues",
                        "two receivers match the same alert",
                        "routes match twice",
                        "continue in the route",
                    ],
                ),
                m(
                    "replica-label",
                    "a replica label makes one alert two",
                    &[
                        "replica label not dropped",
                        "replica label makes duplicates",
                        "alert relabel missing for replica",
                        "two prometheus replicas alert separately",
                        "external label differs per replica",
                        "prometheus_replica in the alert",
                    ],
                ),
                m(
                    "ungrouped",
                    "each instance pages by itself",
                    &[
                        "alerts not grouped",
                        "group_by missing",
                        "page per instance",
                        "grouping by all labels",
                        "no grouping",
                        "group_by instance floods",
                    ],
                ),
                m(
                    "missing-inhibition",
                    "consequences page beside their cause",
                    &[
                        "inhibition missing",
                        "no inhibit rule",
                        "symptom alerts not inhibited",
                        "inhibit rule label mismatch",
                        "dependent alerts all fire",
                        "inhibition equal label absent",
                    ],
                ),
                m(
                    "over-broad-silence",
                    "a silence covers more than meant",
                    &[
                        "silence too broad",
                        "alert silenced by mistake",
                        "silence matches everything",
                        "forgotten silence",
                        "regex silence hides real alerts",
                        "silenced the whole team",
                    ],
                ),
            ],
        },
    ],
};

pub(super) const FRONTEND: Layer = Layer {
    name: "Frontend",
    classes: &[Class {
        code: "FE-1",
        name: "frontend-fault",
        generic: &["frontend broken", "page does not load", "javascript error"],
        mechanisms: &[
            m(
                "uncaught-render-on-shape-change",
                "the page fails to render what the interface now sends",
                &[
                    "white screen",
                    "uncaught error while rendering",
                    "cannot read properties of undefined",
                    "render crash without an error boundary",
                    "component fails on the new response",
                    "react tree unmounted by an error",
                ],
            ),
            m(
                "chunk/asset-404",
                "the browser asks for an asset that is gone",
                &[
                    "chunkloaderror",
                    "javascript chunk 404",
                    "asset not found by the browser",
                    "lazy chunk missing",
                    "old page asks for deleted assets",
                    "bundle file 404",
                ],
            ),
            m(
                "payload/waterfall",
                "the page loads too much, one after the other",
                &[
                    "bundle too large",
                    "request waterfall",
                    "page loads too many assets",
                    "huge javascript payload",
                    "unoptimised images",
                    "sequential loading of the page",
                ],
            ),
            m(
                "hydration",
                "server and browser render different things",
                &[
                    "hydration mismatch",
                    "hydration error",
                    "server html differs from the client",
                    "text content does not match server-rendered html",
                    "client and server render differently",
                    "hydration failed",
                ],
            ),
        ],
    }],
};
