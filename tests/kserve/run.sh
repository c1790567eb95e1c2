#!/usr/bin/env bash
# Counts against a real model server: KServe's, from PyPI, with a scikit-learn model served under the names of
# LiftWing. What the server's /metrics counted must equal the rows that windtunnel reports, after a run to its
# end and after Ctrl-C. Needs Python 3.11 or newer and, the first time, a package index.
#
# usage: tests/kserve/run.sh [FOLDER]      FOLDER keeps the Python environment; target/kserve if absent
#        WINDTUNNEL=path/to/windtunnel     the program; built with cargo if unset
#        PYTHON=python3.11                 the interpreter; python3 if unset
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
mkdir -p "${1:-target/kserve}"
folder=$(cd "${1:-target/kserve}" && pwd)
python="$folder/venv/bin/python"

if [[ -z "${WINDTUNNEL:-}" ]]; then
    cargo build --release --quiet
    WINDTUNNEL=target/release/windtunnel
fi

if ! cmp -s "$here/requirements.txt" "$folder/installed.txt"; then
    echo "installing KServe into $folder/venv (650 MB, about a minute and a half)"
    "${PYTHON:-python3}" -m venv --clear "$folder/venv"
    timeout 900 "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$folder/installed.txt"
fi

work=$(mktemp -d "$folder/run.XXXXXX")
"$python" "$here/server.py" "$work/port" >"$work/server.log" 2>&1 &
server=$!
stop() {
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
}
trap stop EXIT

ready() {
    [[ -f "$work/port" ]] && curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null \
        "http://127.0.0.1:$(cat "$work/port")/v2/health/ready"
}
for _ in $(seq 240); do
    ready && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.25
done
if ! ready; then
    echo "the KServe server did not become ready; its log:" >&2
    tail -n 20 "$work/server.log" >&2
    exit 1
fi

NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 timeout 600 \
    "$python" "$here/counts.py" "$WINDTUNNEL" "http://127.0.0.1:$(cat "$work/port")" "$work"
