//! Every bound on what a player or a scenario file can make the engine do, in one place, with who relies on it.

/// Bytes a pipe holds (Linux: 16 pages, pipe(7)).
pub const PIPE_BYTES: usize = 65_536;
/// Bytes a terminal queues for its reader before it drops more (Linux n_tty: 4096).
pub const TTY_INPUT_BYTES: usize = 4096;
/// Bytes a terminal holds for the screen before its writers wait.
pub const TTY_OUTPUT_BYTES: usize = 262_144;
/// What a byte to a terminal takes: 2 MB/s, a brisk ssh session. A flood of `yes` stays what a page can show.
pub const TTY_BYTE_NS: u64 = 500;
/// Processes one user may have (RLIMIT_NPROC as a small server sets it).
pub const PROCESSES_PER_USER: usize = 512;
/// Open descriptors of one process (RLIMIT_NOFILE's usual soft limit).
pub const DESCRIPTORS_PER_PROCESS: usize = 1024;
/// Literal bytes that all files of a scenario's world may hold together.
pub const LITERAL_BYTES_SCENARIO: u64 = 64 << 20;
/// Literal bytes under `exec --root`.
pub const LITERAL_BYTES_ROOT: u64 = 512 << 20;
/// Bytes of arguments and environment of one new process (execve(2): ARG_MAX as bash sees it here).
pub const ARGUMENT_BYTES: usize = 2 << 20;
/// Words or bytes that one expansion may produce before bash's "cannot allocate".
pub const EXPANSION_BYTES: usize = 16 << 20;
/// Nested compound commands, substitutions and parentheses that the parser accepts.
pub const PARSE_DEPTH: usize = 200;
/// Commands within commands under way: bodies of functions and compounds, `eval`, sourced files. Each takes a part of the
/// stack, of which a browser gives a worker 1 MB; twice as many still fit into Chromium's.
pub const COMMAND_DEPTH: usize = 320;
/// Symbolic links followed in one path (Linux: 40, path_resolution(7)).
pub const SYMLINK_DEPTH: usize = 40;
/// Bytes of one path and of one name (limits.h).
pub const PATH_BYTES: usize = 4096;
pub const NAME_BYTES: usize = 255;
/// Bytes of input that one process may hold at once, as a program that needs all of it does.
pub const HELD_BYTES: usize = 256 << 20;
/// Bytes of generated content that one command may scan before it stops and says how far it read.
pub const SCAN_BYTES: u64 = 1 << 30;
/// Simulated CPU nanoseconds a task may use before it parks until the clock has moved that far.
pub const QUANTUM_NS: u64 = 1_000_000;
/// The least that one system call costs: bounds the polls of one instant.
pub const SYSCALL_NS: u64 = 500;
/// The least that one shell command costs.
pub const SHELL_COMMAND_NS: u64 = 50_000;
