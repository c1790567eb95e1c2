"""Writes the files in this folder with a real Locust, from samples.tsv.

Run it in an environment that has that Locust: `python make.py 2.47`, `python make.py 2.31`. The folder of
that name is rewritten. The clock is set by hand, so the output never changes.
"""

import io
import json
import pathlib
import sys
from types import SimpleNamespace
from unittest import mock

import locust.stats as stats

HERE = pathlib.Path(__file__).parent
START = 1_700_000_000
COMPAT = sys.argv[1]
OUT = HERE / COMPAT

now = START
mock.patch("time.time", lambda: now).start()


def samples():
    for line in (HERE / "samples.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            at, method, name, ms, size, error = line.split("\t")
            yield float(at), method, json.loads(name), float(ms), int(size), json.loads(error)


class Sink(io.StringIO):
    def __init__(self):
        super().__init__(newline="")


def environment():
    runner = SimpleNamespace(user_count=0, exceptions={})
    return SimpleNamespace(stats=stats.RequestStats(), runner=runner)


def write(name, text):
    OUT.mkdir(exist_ok=True)
    (OUT / name).write_bytes(text.encode("utf-8"))


def table(name, lines):
    write(name, "".join(line + "\n" for line in lines))


def csv(env, kind):
    sink = Sink()
    getattr(stats.StatsCSV(env, stats.PERCENTILES_TO_REPORT), kind)(stats.csv.writer(sink))
    return sink.getvalue()


def history(full):
    """One row a second from before the first request on, users rising by one a second."""
    global now
    now = START
    env = environment()
    writer = stats.StatsCSVFileWriter.__new__(stats.StatsCSVFileWriter)
    stats.StatsCSV.__init__(writer, env, stats.PERCENTILES_TO_REPORT)
    writer.full_history = full
    sink = Sink()
    out = stats.csv.writer(sink)
    todo = list(samples())
    for second in range(0, 18):
        now = START + second
        while todo and todo[0][0] < second:
            log(env, todo.pop(0))
        now = START + second
        env.runner.user_count = second
        writer._stats_history_data_rows(out, now)
    return sink.getvalue()


def log(env, sample):
    global now
    at, method, name, ms, size, error = sample
    now = START + at
    env.stats.log_request(method, name, ms, size)
    if error:
        env.stats.log_error(method, name, error)


env = environment()
write("empty_stats.csv", csv(env, "requests_csv"))
table("empty_tables.txt", stats.get_stats_summary(env.stats, False) + [""] + stats.get_percentile_stats_summary(env.stats) + [""])
for sample in samples():
    log(env, sample)
env.runner.exceptions = {
    1: {"count": 3, "msg": "no, \"such\" thing", "traceback": "models/a.toml:3\n  json: {{ a }}\n", "nodes": {"local"}},
}
write("run_stats.csv", csv(env, "requests_csv"))
write("run_failures.csv", csv(env, "failures_csv"))
write("run_exceptions.csv", csv(env, "exceptions_csv"))
for width in (80, 20, 2):
    stats.STATS_NAME_WIDTH = width
    tables = []
    for current in (True, False):
        tables += stats.get_stats_summary(env.stats, current) + [""]
    tables += stats.get_percentile_stats_summary(env.stats) + [""]
    tables += stats.get_error_report_summary(env.stats)
    table(f"tables_{width}.txt", tables)
write("run_stats_history.csv", history(False))
write("full_stats_history.csv", history(True))
# Last: taking the JSON empties the entries. Windtunnel writes response times in ascending order instead of the
# order of their first occurrence, and the start of the run instead of the end of a row's first request.
entries = env.stats.serialize_stats()
for entry in entries:
    entry["response_times"] = dict(sorted(entry["response_times"].items()))
    entry["start_time"] = float(START)
write("stats.json", json.dumps(entries, indent=4))
