//! Traffic: TR-1 to TR-6. Asynchronous work: AS-1 to AS-4.

use super::{Class, Layer, m};

pub(super) const TRAFFIC: Layer = Layer {
    name: "Traffic",
    classes: &[
        Class {
            code: "TR-1",
            name: "wrong-or-stale-upstream",
            generic: &["wrong upstream", "bad gateway", "proxy points to the wrong place"],
            mechanisms: &[
                m(
                    "ip-changed-static-resolve",
                    "the proxy resolved its upstream once and the address changed",
                    &[
                        "nginx caches the old ip",
                        "upstream ip changed",
                        "proxy resolved the name only at start",
                        "stale upstream address",
                        "container got a new ip",
                        "proxy still sends to the old address",
                    ],
                ),
                m(
                    "wrong-network",
                    "proxy and upstream are not on the same network",
                    &[
                        "containers on different networks",
                        "wrong docker network",
                        "upstream not on the proxy's network",
                        "network not attached",
                        "compose network missing",
                        "proxy cannot see the container's network",
                    ],
                ),
                m(
                    "wrong-port",
                    "the proxy uses another port than the server",
                    &[
                        "wrong port in the proxy",
                        "upstream port mismatch",
                        "service listens on another port",
                        "port mapping wrong",
                        "targetport wrong",
                        "proxy_pass to the wrong port",
                    ],
                ),
                m(
                    "maintenance-conf-active",
                    "the maintenance configuration is still active",
                    &[
                        "maintenance page left on",
                        "maintenance config active",
                        "maintenance mode not switched off",
                        "503 from the maintenance rule",
                        "maintenance vhost still enabled",
                        "forgot to leave maintenance mode",
                    ],
                ),
                m(
                    "wrong-env-target",
                    "it talks to another environment's target",
                    &[
                        "points to staging",
                        "production uses the staging url",
                        "wrong environment target",
                        "base url of another environment",
                        "wrong backend url in the environment",
                        "calls the test system",
                    ],
                ),
            ],
        },
        Class {
            code: "TR-2",
            name: "lb-imbalance",
            generic: &["uneven load", "load balancer problem"],
            mechanisms: &[
                m(
                    "random-routing",
                    "requests go to busy instances while others idle",
                    &[
                        "random load balancing",
                        "random routing",
                        "requests queue on busy dynos",
                        "routing ignores queue depth",
                        "random assignment to single-threaded workers",
                        "not routed by least connections",
                    ],
                ),
                m(
                    "sticky/hot-shard",
                    "one instance or shard gets too large a share",
                    &[
                        "hot shard",
                        "sticky sessions overload one server",
                        "hot partition",
                        "hash puts all on one node",
                        "hot key",
                        "one shard gets most requests",
                    ],
                ),
                m(
                    "zone-skew",
                    "one zone gets too large a share",
                    &[
                        "zone imbalance",
                        "traffic skewed to one zone",
                        "zone skew",
                        "topology aware routing skew",
                        "one az overloaded",
                        "cross-zone balancing off",
                    ],
                ),
                m(
                    "slow-member",
                    "one member is slow and still gets its share",
                    &[
                        "one slow server in the pool",
                        "slow backend keeps getting traffic",
                        "one bad instance",
                        "outlier not ejected",
                        "degraded node still in rotation",
                        "slow member of the pool",
                    ],
                ),
            ],
        },
        Class {
            code: "TR-3",
            name: "retry-storm/metastable",
            generic: &["metastable failure", "retry storm"],
            mechanisms: &[
                m(
                    "client-retry",
                    "clients' retries keep the overload up",
                    &[
                        "client retries multiply the load",
                        "retries without backoff overload it",
                        "retry amplification",
                        "retries pile on",
                        "each layer retries three times",
                        "retry budget missing",
                    ],
                ),
                m(
                    "reconnect-herd",
                    "all clients reconnect at once",
                    &[
                        "thundering herd of reconnects",
                        "all clients reconnect at once",
                        "reconnect storm",
                        "websocket reconnect herd",
                        "reconnect without jitter",
                        "mass reconnection after a restart",
                    ],
                ),
                m(
                    "queue-timeout-waste",
                    "work is done for callers that have given up",
                    &[
                        "work for callers that gave up",
                        "queue longer than the timeout",
                        "serving dead requests",
                        "timed out requests still processed",
                        "goodput collapse",
                        "fifo queue full of expired requests",
                    ],
                ),
            ],
        },
        Class {
            code: "TR-4",
            name: "cache-stampede",
            generic: &["cache problem", "cache misses", "stampede"],
            mechanisms: &[
                m(
                    "cold-restart",
                    "the cache is empty after a restart",
                    &[
                        "cold cache after a restart",
                        "cache restarted empty",
                        "redis restart emptied the cache",
                        "cache lost its content in the maintenance",
                        "cold cache",
                        "all keys missing after the restart",
                    ],
                ),
                m(
                    "ttl-cohort",
                    "many keys expire at the same instant",
                    &[
                        "keys expire together",
                        "same ttl for all keys",
                        "synchronised expiry",
                        "mass expiry of cached keys",
                        "ttl without jitter",
                        "cohort of keys expires at once",
                    ],
                ),
                m(
                    "key-prefix-change",
                    "a new key prefix misses everything cached",
                    &[
                        "cache key changed",
                        "new key prefix",
                        "key version bump empties the cache",
                        "cache key format changed by the deploy",
                        "different cache namespace after the release",
                        "every cache lookup misses after a key change",
                    ],
                ),
                m(
                    "flush",
                    "somebody flushed the cache",
                    &[
                        "cache flushed",
                        "flushall",
                        "flushdb on the cache",
                        "someone cleared the cache",
                        "cache purge",
                        "manual cache flush",
                    ],
                ),
                m(
                    "no-single-flight",
                    "every miss computes the same value again",
                    &[
                        "no single flight",
                        "every miss recomputes the same value",
                        "dogpile",
                        "no lock around cache fill",
                        "concurrent misses all hit the database",
                        "missing request coalescing",
                    ],
                ),
            ],
        },
        Class {
            code: "TR-5",
            name: "health-check-blind",
            generic: &["health check wrong", "bad health check"],
            mechanisms: &[
                m(
                    "soft-200",
                    "errors are answered with status 200",
                    &[
                        "errors returned as 200",
                        "soft 404",
                        "returns 200 for everything",
                        "error page with status ok",
                        "soft 200",
                        "status code hides the error",
                    ],
                ),
                m(
                    "shallow",
                    "the check does not look at what users need",
                    &[
                        "shallow health check",
                        "health check only pings",
                        "health endpoint ignores the database",
                        "check passes while users fail",
                        "liveness without readiness",
                        "health check too simple",
                    ],
                ),
                m(
                    "deep-shared-fate",
                    "one dependency fails every instance's check",
                    &[
                        "deep health check",
                        "health check fails with the shared dependency",
                        "all instances unhealthy because of one dependency",
                        "dependency in the liveness probe",
                        "health check takes everything out at once",
                        "shared fate health check",
                    ],
                ),
                m(
                    "wrong-target",
                    "the check looks at something else",
                    &[
                        "health check on the wrong target",
                        "probe checks the wrong port",
                        "monitors another host",
                        "check points to the old instance",
                        "probe path does not exist",
                        "health check of the wrong service",
                    ],
                ),
            ],
        },
        Class {
            code: "TR-6",
            name: "organic-overload",
            generic: &["overload", "too much traffic", "traffic spike"],
            mechanisms: &[
                m(
                    "campaign",
                    "a campaign or event brought more users",
                    &[
                        "marketing campaign traffic",
                        "campaign overload",
                        "newsletter brought too many users",
                        "sale event overload",
                        "product launch traffic",
                        "viral traffic",
                    ],
                ),
                m(
                    "bot/DDoS",
                    "bots or attackers send the requests",
                    &[
                        "ddos",
                        "bot traffic",
                        "scraper overloads the site",
                        "crawler too aggressive",
                        "attack traffic",
                        "credential stuffing load",
                    ],
                ),
                m(
                    "time-of-day",
                    "it is the daily or yearly peak",
                    &[
                        "daily peak",
                        "time of day load",
                        "monday morning peak",
                        "peak hour overload",
                        "seasonal peak",
                        "rush hour traffic",
                    ],
                ),
            ],
        },
    ],
};

pub(super) const ASYNC: Layer = Layer {
    name: "Async",
    classes: &[
        Class {
            code: "AS-1",
            name: "backlog/under-capacity",
            generic: &["queue backlog", "queue grows", "consumers too slow"],
            mechanisms: &[
                m(
                    "head-of-line-slow-dependency",
                    "a slow call holds every worker",
                    &[
                        "workers blocked by a slow call",
                        "head of line blocking",
                        "slow task holds all workers",
                        "slow third party stalls the queue",
                        "tasks wait behind slow ones",
                        "worker time spent in a slow dependency",
                    ],
                ),
                m(
                    "workers-lost",
                    "workers died and nobody replaced them",
                    &[
                        "workers died",
                        "celery workers lost",
                        "fewer workers than expected",
                        "worker pods not running",
                        "consumers crashed",
                        "worker processes gone",
                    ],
                ),
                m(
                    "producer-burst",
                    "a producer sent more than can be worked off",
                    &[
                        "producer burst",
                        "bulk import flooded the queue",
                        "burst of jobs",
                        "mass enqueue",
                        "batch job enqueued everything",
                        "too many tasks at once",
                    ],
                ),
                m(
                    "prefetch-hoarding",
                    "a worker reserves tasks that others could do",
                    &[
                        "prefetch too high",
                        "worker hoards tasks",
                        "prefetch multiplier",
                        "reserved tasks stuck at one worker",
                        "unacked messages held by one consumer",
                        "prefetched jobs idle",
                    ],
                ),
            ],
        },
        Class {
            code: "AS-2",
            name: "self-triggering-work",
            generic: &["endless work", "self-triggering"],
            mechanisms: &[
                m(
                    "signal-loop",
                    "handling an event causes the same event",
                    &[
                        "signal loop",
                        "save triggers itself",
                        "task calls itself",
                        "post_save loop",
                        "event handler fires its own event",
                        "recursive signal",
                    ],
                ),
                m(
                    "infinite-retry",
                    "a task is retried without end",
                    &[
                        "infinite retry",
                        "task retried forever",
                        "no max retries",
                        "endless requeue",
                        "failed job requeues itself",
                        "retry loop without a limit",
                    ],
                ),
                m(
                    "ping-pong",
                    "two systems answer each other without end",
                    &[
                        "ping-pong between services",
                        "two systems trigger each other",
                        "sync loop between two systems",
                        "mutual webhooks",
                        "messages bounce between queues",
                        "update loop across systems",
                    ],
                ),
            ],
        },
        Class {
            code: "AS-3",
            name: "consumer-stuck",
            generic: &["consumer stuck", "stream lag"],
            mechanisms: &[
                m(
                    "poison+dead-consumer-pel",
                    "a poison message and a dead consumer's pending entries block the group",
                    &[
                        "poison message",
                        "pending entries of a dead consumer",
                        "message crashes the consumer",
                        "pel never claimed",
                        "unacknowledged entries of a gone consumer",
                        "xpending grows",
                    ],
                ),
                m(
                    "group-position-wrong",
                    "the group reads from the wrong place",
                    &[
                        "consumer group position wrong",
                        "offset reset to the end",
                        "group created at the wrong id",
                        "wrong consumer offset",
                        "last delivered id too far ahead",
                        "group starts after the messages",
                    ],
                ),
                m(
                    "consumer-blocked",
                    "the consumer waits for something else",
                    &[
                        "consumer blocked",
                        "consumer waits on a lock",
                        "single consumer stuck in a call",
                        "consumer loop hangs",
                        "subscriber stalled",
                        "consumer paused",
                    ],
                ),
            ],
        },
        Class {
            code: "AS-4",
            name: "duplicate-processing",
            generic: &["duplicates", "processed twice"],
            mechanisms: &[
                m(
                    "check-then-act+double-submit",
                    "two requests pass the same check before either acts",
                    &[
                        "double submit",
                        "check then act race",
                        "charged twice",
                        "no idempotency key on submit",
                        "race between two clicks",
                        "duplicate rows by concurrent requests",
                    ],
                ),
                m(
                    "visibility-redelivery",
                    "a message is delivered again before its worker is done",
                    &[
                        "visibility timeout too short",
                        "message redelivered while processing",
                        "redelivery",
                        "ack deadline shorter than the work",
                        "acks late and processed again",
                        "sqs redelivers",
                    ],
                ),
                m(
                    "proxy-retry-non-idempotent",
                    "a proxy repeats a request that must not be repeated",
                    &[
                        "proxy retries a post",
                        "non idempotent retry",
                        "proxy_next_upstream repeats writes",
                        "gateway retried the payment",
                        "load balancer repeats the request",
                        "retry of a non-idempotent request",
                    ],
                ),
            ],
        },
    ],
};
