"""Runs modules against a KServe server and compares its own request counters with the rows reported.

usage: counts.py WINDTUNNEL URL OUTPUT_FOLDER
"""

import csv
import os
import re
import signal
import subprocess
import sys
import urllib.request

USERS = "6"
RUN_SECONDS = 10
INTERRUPT_AFTER = 5
PATIENCE = 60
COUNTER = re.compile(r'^request_predict_seconds_count\{model_name="([^"]+)"\} (\S+)$', re.MULTILINE)
ROW_NAME = re.compile(r"^/v1/models/(.+):predict$")

# (module, ends by itself)
CASES = [
    ("revertrisk", True),
    ("articlequality", True),
    ("edit_check", True),
    ("embeddings", True),
    ("langid", True),
    ("logo_detection", True),
    ("revscoring", True),
    ("revertrisk", False),
    ("articlequality", False),
    ("langid", False),
]


def served(url):
    """How often each model was asked to predict since the server started."""
    with urllib.request.urlopen(url + "/metrics", timeout=10) as response:
        text = response.read().decode()
    return {name: int(float(count)) for name, count in COUNTER.findall(text)}


def environment():
    """That of the caller without MODEL, HOST, LOCUST_USERS and whatever else would change the modules."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


def run(program, url, module, prefix, to_the_end):
    """One run. Returns the exit code and what was printed."""
    command = [program, "run", module, "--host", url, "-u", USERS, "-t", f"{RUN_SECONDS}s"]
    command += ["--only-summary", "--csv", prefix, "--results", os.path.join(os.path.dirname(prefix), "results")]
    with open(prefix + ".log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment())
        try:
            if not to_the_end:
                try:
                    process.wait(INTERRUPT_AFTER)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGINT)
            code = process.wait(RUN_SECONDS + PATIENCE)
        finally:
            process.kill()
            process.wait()
    with open(prefix + ".log") as log:
        return code, log.read()


def reported(prefix):
    """(requests, failures) of each row of the CSV, by the model's name; interrupted runs are set aside."""
    path = next((p for p in (prefix + "_stats.csv", prefix + ".rejected_stats.csv") if os.path.exists(p)), None)
    if path is None:
        return {}
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Type"]]
    names = {row["Name"]: ROW_NAME.match(row["Name"]) for row in rows}
    return {
        names[row["Name"]][1] if names[row["Name"]] else row["Name"]: (
            int(row["Request Count"]),
            int(row["Failure Count"]),
        )
        for row in rows
    }


def check(program, url, folder, module, to_the_end):
    """Runs one case, prints its lines of the table, returns whether all is equal."""
    end = "run time" if to_the_end else "Ctrl-C"
    prefix = os.path.join(folder, f"{module}-{'end' if to_the_end else 'ctrl-c'}", module)
    os.makedirs(os.path.dirname(prefix))
    before = served(url)
    code, text = run(program, url, module, prefix, to_the_end)
    after = served(url)
    counted = {name: n - before.get(name, 0) for name, n in after.items() if n != before.get(name, 0)}
    rows = reported(prefix)
    fine = True
    for name in sorted(counted.keys() | rows.keys()):
        requests, failures = rows.get(name, (0, 0))
        same = counted.get(name, 0) == requests and failures == 0
        fine = fine and same
        print(
            f"{module:<15} {end:<9} {name:<30} {counted.get(name, 0):>8} {requests:>8} {failures:>6}"
            f"  {'equal' if same else 'DIFFERENT'}"
        )
    # 4: the machine was too busy for a verdict about latencies; the counts must be exact all the same.
    expected = (0, 4) if to_the_end else (130,)
    if code not in expected or not rows or not counted:
        print(f"{module}: exit code {code}, expected {' or '.join(map(str, expected))}; it printed:\n{text}")
        return False
    return fine


def main():
    program, url, folder = sys.argv[1:]
    print(f"{'module':<15} {'ended by':<9} {'model':<30} {'server':>8} {'reported':>8} {'failed':>6}")
    results = [check(program, url, folder, module, to_the_end) for module, to_the_end in CASES]
    print(f"{results.count(True)} of {len(results)} runs: every row equals the server's own counter")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
