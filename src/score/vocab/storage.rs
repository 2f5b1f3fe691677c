//! Storage: ST-1, ST-2.

use super::{Class, Layer, m};

pub(super) const STORAGE: Layer = Layer {
    name: "Storage",
    classes: &[
        Class {
            code: "ST-1",
            name: "disk-exhaustion",
            generic: &[
                "disk full",
                "no space left on device",
                "file system full",
                "out of disk space",
                "disk usage 100 percent",
                "enospc",
            ],
            mechanisms: &[
                m(
                    "unrotated-log",
                    "a log grows beyond what its rotation keeps within the disk",
                    &[
                        "disk eaten by old logs",
                        "log rotation failing",
                        "logrotate does not work",
                        "log file grew without rotation",
                        "log level left at debug fills the disk",
                        "too much logging",
                        "debug logging filled the disk",
                        "log never rotated",
                        "logrotate insecure permissions",
                        "verbose logs fill the file system",
                    ],
                ),
                m(
                    "deleted-open-file",
                    "a deleted file still holds its blocks because a process has it open",
                    &[
                        "deleted file still held open",
                        "deleted but open file",
                        "space not freed after rm",
                        "process holds a deleted log",
                        "unlinked file keeps its blocks",
                        "df and du disagree because of an open deleted file",
                    ],
                ),
                m(
                    "inode-exhaustion",
                    "the file system has blocks left but no inodes",
                    &[
                        "out of inodes",
                        "no inodes left",
                        "inode table full",
                        "millions of small files",
                        "df -i at 100 percent",
                        "too many tiny files on the file system",
                    ],
                ),
                m(
                    "wal-retained-by-slot",
                    "a replication slot that nobody reads keeps the write-ahead log",
                    &[
                        "orphaned replication slot",
                        "inactive replication slot keeps wal",
                        "replication slot retains wal",
                        "pg_wal grows because of a slot",
                        "dead replica's slot holds the wal",
                        "wal kept for a replica that is gone",
                    ],
                ),
                m(
                    "wal-archive-failing",
                    "the write-ahead log is kept because archiving it fails",
                    &[
                        "wal archiving failing",
                        "archive_command fails",
                        "wal archive target unreachable",
                        "wal piles up unarchived",
                        "pg_wal full because the archiver fails",
                        "archiver cannot upload wal segments",
                    ],
                ),
                m(
                    "image-layer/json-log-buildup",
                    "container images, layers or json logs pile up",
                    &[
                        "docker images pile up",
                        "container json logs grow",
                        "unused image layers",
                        "docker overlay fills the disk",
                        "container log without max-size",
                        "dangling images and build cache",
                    ],
                ),
                m(
                    "tsdb-growth",
                    "the time series database outgrows its disk",
                    &[
                        "prometheus data fills the disk",
                        "tsdb grew too large",
                        "metrics storage full from retention",
                        "time series database growth",
                        "metrics retention too long for the disk",
                        "prometheus blocks eat the space",
                    ],
                ),
                m(
                    "backup/coredump-leftovers",
                    "old backups, dumps or core files were never removed",
                    &[
                        "old backups never deleted",
                        "core dumps pile up",
                        "leftover database dumps",
                        "backup files left behind",
                        "coredump filled the disk",
                        "temporary exports nobody removed",
                    ],
                ),
            ],
        },
        Class {
            code: "ST-2",
            name: "io-contention",
            generic: &["disk slow", "high iowait", "io saturated"],
            mechanisms: &[
                m(
                    "backup/cron-overlap",
                    "a backup or scheduled job takes the disk's time",
                    &[
                        "backup saturates the disk",
                        "nightly backup eats the io",
                        "cron job hogs the disk",
                        "rsync starves the database of io",
                        "overlapping backup jobs",
                        "iowait caused by the backup",
                    ],
                ),
                m(
                    "checkpoint/vacuum-burst",
                    "the database's own writes come in bursts",
                    &[
                        "checkpoint burst",
                        "vacuum saturates the disk",
                        "checkpoint spikes slow the disk",
                        "autovacuum io storm",
                        "database flush burst",
                        "checkpoints too frequent",
                    ],
                ),
                m(
                    "raid-rebuild",
                    "an array is rebuilding",
                    &[
                        "raid rebuild",
                        "array resync slows io",
                        "degraded raid rebuilding",
                        "zfs resilver",
                        "mdadm resync running",
                        "disk replaced and array rebuilding",
                    ],
                ),
                m(
                    "failing-device",
                    "a disk is failing and retries",
                    &[
                        "failing disk",
                        "disk io errors",
                        "bad sectors",
                        "drive about to die",
                        "smart reports reallocated sectors",
                        "device resets and timeouts",
                    ],
                ),
                m(
                    "noisy-neighbour",
                    "another guest or tenant uses the same storage",
                    &[
                        "noisy neighbour on the storage",
                        "another vm uses the disk",
                        "shared storage saturated by a neighbour",
                        "other tenant's io",
                        "neighbouring guest saturates the array",
                        "volume throttled by shared use",
                    ],
                ),
            ],
        },
    ],
};
