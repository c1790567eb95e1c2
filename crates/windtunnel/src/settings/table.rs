//! Every setting once: its flag, its help, and what it is called in Locust.
//!
//! The command line, the names in the environment and the keys of both configuration files are made from
//! this table, and so is `docs/locust-flags.md`. What a value means is decided elsewhere.

/// A command that takes settings as flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// `windtunnel` and `windtunnel run`.
    Run,
    /// `windtunnel list`.
    List,
    /// `windtunnel check`.
    Check,
    /// `windtunnel new`.
    New,
    /// `windtunnel compare`.
    Compare,
    /// `windtunnel ab`.
    Ab,
    /// `windtunnel calibrate`.
    Calibrate,
    /// `windtunnel baseline`.
    Baseline,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing: it is there or not.
    Nothing,
    /// One value, with its name in the help.
    One(&'static str),
    /// One or more values.
    Many(&'static str),
}

/// Where else a setting may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locust {
    /// Locust has no such flag.
    No,
    /// Locust has it: without a variable in the environment.
    Flag,
    /// Locust has it, with this variable.
    FlagAnd(&'static str),
}

/// A setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The long flag, and the key in `locust.conf`; with `_` instead of `-` the key in `windtunnel.toml`.
    pub(crate) key: &'static str,
    /// The short flag.
    pub(crate) short: Option<char>,
    /// What it takes.
    pub(crate) takes: Takes,
    /// Its help: one sentence with unit and default.
    pub(crate) help: &'static str,
    /// The heading of its group.
    pub(crate) heading: &'static str,
    /// Shown by `-h`, not only by `--help`.
    pub(crate) common: bool,
    /// Its name in Locust.
    pub(crate) locust: Locust,
    /// The commands that have it as a flag.
    pub(crate) commands: &'static [For],
}

const LOAD: &str = "Load";
const TARGET: &str = "Target";
const SELECTION: &str = "Selection";
const RESULTS: &str = "Results";
const MESSAGES: &str = "Messages";

/// All settings, in the order of the help.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "users",
        short: Some('u'),
        takes: Takes::One("N"),
        help: "Virtual users at the peak [default: 1]",
        heading: LOAD,
        common: true,
        locust: Locust::FlagAnd("LOCUST_USERS"),
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "spawn-rate",
        short: Some('r'),
        takes: Takes::One("RATE"),
        help: "Users started a second [default: 1]",
        heading: LOAD,
        common: true,
        locust: Locust::FlagAnd("LOCUST_SPAWN_RATE"),
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "run-time",
        short: Some('t'),
        takes: Takes::One("TIME"),
        help: "How long, from the start of the first user: 90s, 20m, 1h30m [default: until Ctrl-C]",
        heading: LOAD,
        common: true,
        locust: Locust::FlagAnd("LOCUST_RUN_TIME"),
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "stop-timeout",
        short: Some('s'),
        takes: Takes::One("TIME"),
        help: "How long requests in flight may take after the end [default: 30s]",
        heading: LOAD,
        common: false,
        locust: Locust::FlagAnd("LOCUST_STOP_TIMEOUT"),
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "together",
        short: None,
        takes: Takes::Nothing,
        help: "Run all modules side by side instead of one after the other",
        heading: LOAD,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Ab],
    },
    Setting {
        key: "seed",
        short: None,
        takes: Takes::One("N"),
        help: "Seed of rows, waits and choices; the same seed sends the same [default: 1]",
        heading: LOAD,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Check, For::Ab, For::Calibrate],
    },
    Setting {
        key: "threads",
        short: None,
        takes: Takes::One("N"),
        help: "Threads that generate load [default: the number of cores]",
        heading: LOAD,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "host",
        short: Some('H'),
        takes: Takes::One("URL"),
        help: "Base URL, for classes without one of their own: https://gateway:30443",
        heading: TARGET,
        common: true,
        locust: Locust::FlagAnd("LOCUST_HOST"),
        commands: &[For::Run, For::Check, For::Ab, For::Calibrate],
    },
    Setting {
        key: "sim",
        short: None,
        takes: Takes::Nothing,
        help: "Run against the built-in simulated model server, with its own load and baselines",
        heading: TARGET,
        common: true,
        locust: Locust::No,
        commands: &[For::Run, For::Check, For::Calibrate, For::Baseline],
    },
    Setting {
        key: "cacert",
        short: None,
        takes: Takes::One("FILE"),
        help: "PEM file of authorities to trust beside the operating system's",
        heading: TARGET,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Check, For::Ab, For::Calibrate],
    },
    Setting {
        key: "insecure",
        short: None,
        takes: Takes::Nothing,
        help: "Do not verify certificates; said at every start",
        heading: TARGET,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Check, For::Ab, For::Calibrate],
    },
    Setting {
        key: "tags",
        short: Some('T'),
        takes: Takes::Many("TAG"),
        help: "Run only tasks that have one of these tags",
        heading: SELECTION,
        common: false,
        locust: Locust::FlagAnd("LOCUST_TAGS"),
        commands: &[For::Run, For::Check, For::Ab, For::Calibrate],
    },
    Setting {
        key: "exclude-tags",
        short: Some('E'),
        takes: Takes::Many("TAG"),
        help: "Leave out tasks that have one of these tags",
        heading: SELECTION,
        common: false,
        locust: Locust::FlagAnd("LOCUST_EXCLUDE_TAGS"),
        commands: &[For::Run, For::Check, For::Ab, For::Calibrate],
    },
    Setting {
        key: "models",
        short: None,
        takes: Takes::One("DIR"),
        help: "Folder of the modules [default: models]",
        heading: SELECTION,
        common: true,
        locust: Locust::No,
        commands: &[For::Run, For::List, For::Check, For::New, For::Ab, For::Calibrate, For::Baseline],
    },
    Setting {
        key: "config",
        short: None,
        takes: Takes::One("FILE"),
        help: "Read this instead of ./windtunnel.toml, or of ./locust.conf where it is not TOML",
        heading: SELECTION,
        common: false,
        locust: Locust::Flag,
        commands: &[
            For::Run,
            For::List,
            For::Check,
            For::New,
            For::Compare,
            For::Ab,
            For::Calibrate,
            For::Baseline,
        ],
    },
    Setting {
        key: "results",
        short: None,
        takes: Takes::One("DIR"),
        help: "Folder of the baselines [default: results]",
        heading: RESULTS,
        common: true,
        locust: Locust::No,
        commands: &[For::Run, For::Ab, For::Calibrate, For::Baseline],
    },
    Setting {
        key: "csv",
        short: None,
        takes: Takes::One("PREFIX"),
        help: "Write Locust's four CSV files; at results/NAME this run becomes the new baseline",
        heading: RESULTS,
        common: true,
        locust: Locust::FlagAnd("LOCUST_CSV"),
        commands: &[For::Run],
    },
    Setting {
        key: "csv-full-history",
        short: None,
        takes: Takes::Nothing,
        help: "A line for each row and second in the history file, not only for all rows together",
        heading: RESULTS,
        common: false,
        locust: Locust::FlagAnd("LOCUST_CSV_FULL_HISTORY"),
        commands: &[For::Run],
    },
    Setting {
        key: "json",
        short: None,
        takes: Takes::Nothing,
        help: "Print the results as Locust's JSON to stdout",
        heading: RESULTS,
        common: true,
        locust: Locust::Flag,
        commands: &[For::Run],
    },
    Setting {
        key: "json-file",
        short: None,
        takes: Takes::One("NAME"),
        help: "Write the results as Locust's JSON to NAME.json",
        heading: RESULTS,
        common: false,
        locust: Locust::Flag,
        commands: &[For::Run],
    },
    Setting {
        key: "locust-compat",
        short: None,
        takes: Takes::One("VERSION"),
        help: "Whose formats the CSV files have: 2.47 or 2.31 [default: 2.47]",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run],
    },
    Setting {
        key: "exit-code-on-error",
        short: None,
        takes: Takes::One("N"),
        help: "Exit code when requests failed that no baseline expects [default: 1]",
        heading: RESULTS,
        common: false,
        locust: Locust::FlagAnd("LOCUST_EXIT_CODE_ON_ERROR"),
        commands: &[For::Run, For::Ab],
    },
    Setting {
        key: "inconclusive",
        short: None,
        takes: Takes::One("WHAT"),
        help: "What an inconclusive comparison does: warn, or fail with exit code 4 [default: warn]",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Compare, For::Ab],
    },
    Setting {
        key: "force",
        short: None,
        takes: Takes::Nothing,
        help: "Judge and keep a run although the load generator was its limit",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Compare, For::Ab, For::Calibrate, For::Baseline],
    },
    Setting {
        key: "no-confirm",
        short: None,
        takes: Takes::Nothing,
        help: "Do not run a module again that looks worse; the verdict of one run stands",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run],
    },
    Setting {
        key: "noise",
        short: None,
        takes: Takes::One("HOW"),
        help: "How much runs of one server differ: quiet, normal or noisy [default: normal, and what was measured]",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Compare, For::Ab, For::Calibrate, For::Baseline],
    },
    Setting {
        key: "server-build",
        short: None,
        takes: Takes::One("TEXT"),
        help: "Build of the server, such as a commit: runs of the same build add up as evidence",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Calibrate],
    },
    Setting {
        key: "slo",
        short: None,
        takes: Takes::One("LIMITS"),
        help: "Limits to be kept beside those of [slo]: \"p95 < 300ms, failures < 1%\"",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run],
    },
    Setting {
        key: "markdown",
        short: None,
        takes: Takes::One("FILE"),
        help: "Write the comparison as Markdown, for a review",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Compare, For::Ab],
    },
    Setting {
        key: "junit",
        short: None,
        takes: Takes::One("FILE"),
        help: "Write the comparison as JUnit XML: a suite per module, a case per row and metric",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Compare, For::Ab],
    },
    Setting {
        key: "report-json",
        short: None,
        takes: Takes::One("FILE"),
        help: "Write the comparison as JSON: see docs/report.schema.json",
        heading: RESULTS,
        common: false,
        locust: Locust::No,
        commands: &[For::Run, For::Compare, For::Ab],
    },
    Setting {
        key: "print-stats",
        short: None,
        takes: Takes::Nothing,
        help: "Print the table of statistics every 2 seconds instead of a line of progress",
        heading: MESSAGES,
        common: false,
        locust: Locust::FlagAnd("LOCUST_PRINT_STATS"),
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "only-summary",
        short: None,
        takes: Takes::Nothing,
        help: "Print nothing while it runs, only the tables at the end",
        heading: MESSAGES,
        common: true,
        locust: Locust::FlagAnd("LOCUST_ONLY_SUMMARY"),
        commands: &[For::Run, For::Ab, For::Calibrate],
    },
    Setting {
        key: "loglevel",
        short: Some('L'),
        takes: Takes::One("LEVEL"),
        help: "Least level of messages: DEBUG, INFO, WARNING, ERROR or CRITICAL [default: INFO]",
        heading: MESSAGES,
        common: false,
        locust: Locust::FlagAnd("LOCUST_LOGLEVEL"),
        commands: &[
            For::Run,
            For::List,
            For::Check,
            For::New,
            For::Compare,
            For::Ab,
            For::Calibrate,
            For::Baseline,
        ],
    },
    Setting {
        key: "logfile",
        short: None,
        takes: Takes::One("FILE"),
        help: "Append messages to this file instead of printing them to stderr",
        heading: MESSAGES,
        common: false,
        locust: Locust::FlagAnd("LOCUST_LOGFILE"),
        commands: &[
            For::Run,
            For::List,
            For::Check,
            For::New,
            For::Compare,
            For::Ab,
            For::Calibrate,
            For::Baseline,
        ],
    },
];

/// What becomes of a flag of Locust that is no setting here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Accepted, nothing is said: it asks for what happens anyway.
    Anyway(&'static str),
    /// Accepted with a notice that says why it has no effect.
    NoEffect(&'static str),
    /// Refused on the command line and in the environment; in `locust.conf`, where it may stand for other
    /// tools, only noticed.
    RefusedHere(&'static str),
    /// Refused everywhere, with this hint.
    Refused(&'static str),
}

/// A flag of Locust that is no setting here.
#[derive(Debug)]
pub(crate) struct Other {
    /// The long flag.
    pub(crate) key: &'static str,
    /// The short flag.
    pub(crate) short: Option<char>,
    /// What it takes.
    pub(crate) takes: Takes,
    /// Its variable in the environment, empty for none.
    pub(crate) env: &'static str,
    /// What becomes of it.
    pub(crate) fate: Fate,
}

const CLUSTER: &str = "joining a Locust cluster is not available in this version; \
                       one process uses all cores (see --threads)";
const WORKERS: &str = "there are no worker processes to wait for; one process uses all cores (see --threads)";
const NO_WEB: &str = "there is no web interface";

const fn other(key: &'static str, takes: Takes, env: &'static str, fate: Fate) -> Other {
    Other { key, short: None, takes, env, fate }
}

/// The flags of Locust 2.47 that are no settings here.
pub(crate) const OTHERS: &[Other] = &[
    Other {
        key: "locustfile",
        short: Some('f'),
        takes: Takes::One("FILE"),
        env: "LOCUST_LOCUSTFILE",
        fate: Fate::RefusedHere(
            "Python files are not run; modules are TOML files under models/ (`windtunnel new NAME` writes one), \
             chosen by name or MODEL=",
        ),
    },
    other("headless", Takes::Nothing, "LOCUST_HEADLESS", Fate::Anyway("every run is headless")),
    other("headful", Takes::Nothing, "LOCUST_HEADFUL", Fate::Refused(NO_WEB)),
    other("autostart", Takes::Nothing, "LOCUST_AUTOSTART", Fate::Anyway("every run starts at once")),
    other(
        "autoquit",
        Takes::One("SECONDS"),
        "LOCUST_AUTOQUIT",
        Fate::Anyway("every run quits when it has ended"),
    ),
    other(
        "config-users",
        Takes::Many("JSON"),
        "LOCUST_CONFIG_USERS",
        Fate::Refused("set `weight`, `fixed_count` and `base_url` of a class in its module"),
    ),
    other(
        "html",
        Takes::One("FILE"),
        "LOCUST_HTML",
        Fate::Refused("the HTML report is not available in this version; --csv and --json-file are"),
    ),
    other(
        "reset-stats",
        Takes::Nothing,
        "LOCUST_RESET_STATS",
        Fate::Refused("the comparison leaves the ramp out by itself; the CSV files hold the whole run"),
    ),
    other(
        "skip-log-setup",
        Takes::Nothing,
        "LOCUST_SKIP_LOG_SETUP",
        Fate::NoEffect("there is no Python logging to leave alone; see --loglevel and --only-summary"),
    ),
    other("master", Takes::Nothing, "LOCUST_MODE_MASTER", Fate::Refused(CLUSTER)),
    other("master-bind-host", Takes::One("HOST"), "LOCUST_MASTER_BIND_HOST", Fate::Refused(CLUSTER)),
    other("master-bind-port", Takes::One("PORT"), "LOCUST_MASTER_BIND_PORT", Fate::Refused(CLUSTER)),
    other("expect-workers", Takes::One("N"), "LOCUST_EXPECT_WORKERS", Fate::Refused(WORKERS)),
    other(
        "expect-workers-max-wait",
        Takes::One("SECONDS"),
        "LOCUST_EXPECT_WORKERS_MAX_WAIT",
        Fate::Refused(WORKERS),
    ),
    other(
        "enable-rebalancing",
        Takes::Nothing,
        "",
        Fate::NoEffect("users stay on the thread that they were started on"),
    ),
    other("worker", Takes::Nothing, "LOCUST_MODE_WORKER", Fate::Refused(CLUSTER)),
    other("master-host", Takes::One("HOST"), "LOCUST_MASTER_NODE_HOST", Fate::Refused(CLUSTER)),
    other("master-port", Takes::One("PORT"), "LOCUST_MASTER_NODE_PORT", Fate::Refused(CLUSTER)),
    other(
        "processes",
        Takes::One("N"),
        "LOCUST_PROCESSES",
        Fate::NoEffect("one process uses all cores; --threads sets how many"),
    ),
    other(
        "show-task-ratio",
        Takes::Nothing,
        "",
        Fate::Refused("`windtunnel list` shows classes with their weights, `windtunnel check` every task"),
    ),
    other(
        "show-task-ratio-json",
        Takes::Nothing,
        "",
        Fate::Refused("`windtunnel list` shows classes with their weights, `windtunnel check` every task"),
    ),
    other("equal-weights", Takes::Nothing, "", Fate::Refused("set `weight = 1` in the module")),
    other(
        "profile",
        Takes::One("NAME"),
        "LOCUST_PROFILE",
        Fate::NoEffect("it is only a label of Locust's reports"),
    ),
    other(
        "otel",
        Takes::Nothing,
        "LOCUST_ENABLE_OPENTELEMETRY",
        Fate::Refused("OpenTelemetry is not available in this version"),
    ),
    other("web-host", Takes::One("HOST"), "LOCUST_WEB_HOST", Fate::NoEffect(NO_WEB)),
    Other {
        key: "web-port",
        short: Some('P'),
        takes: Takes::One("PORT"),
        env: "LOCUST_WEB_PORT",
        fate: Fate::NoEffect(NO_WEB),
    },
    other("web-base-path", Takes::One("PATH"), "LOCUST_WEB_BASE_PATH", Fate::NoEffect(NO_WEB)),
    other("web-login", Takes::Nothing, "LOCUST_WEB_LOGIN", Fate::NoEffect(NO_WEB)),
    other(
        "tls-cert",
        Takes::One("FILE"),
        "LOCUST_TLS_CERT",
        Fate::NoEffect("it is for Locust's web interface only"),
    ),
    other(
        "tls-key",
        Takes::One("FILE"),
        "LOCUST_TLS_KEY",
        Fate::NoEffect("it is for Locust's web interface only"),
    ),
    other("class-picker", Takes::Nothing, "LOCUST_USERCLASS_PICKER", Fate::NoEffect(NO_WEB)),
    other(
        "web-auth",
        Takes::One("AUTH"),
        "",
        Fate::Refused("Locust removed it too; there is no web interface"),
    ),
    other("legacy-ui", Takes::Nothing, "", Fate::Refused("Locust removed it too; there is no web interface")),
    other("slave", Takes::Nothing, "", Fate::Refused(CLUSTER)),
    other("expect-slaves", Takes::One("N"), "", Fate::Refused(WORKERS)),
];
