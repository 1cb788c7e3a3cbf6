#!/bin/sh
# Writes cmd/gatehouse/default.pgo, by which `go build` arranges the program: a
# profile of the gateway under the scenarios of the benchmark. Usage:
# test/bench/profile.sh, or make profile.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'kill $upstream $gateway 2>/dev/null || true; rm -rf "$dir"' EXIT
upstream= gateway=
go build -pgo=off -o "$dir/gatehouse" ./cmd/gatehouse
cat > "$dir/gatehouse.yaml" <<'CONFIG'
listen: 127.0.0.1:18090
admin: off
endpoints:
  - {name: bench, url: "http://127.0.0.1:18091/v1", auth: {key: sk-of-the-endpoint-0123456789}}
models:
  - {name: bench, endpoints: [{name: bench}]}
keys:
  - {name: bench, key: "${env:BENCH_KEY}", limits: {requests_per_minute: 1000000000, tokens_per_minute: 100000000000}}
log: {format: json}
CONFIG
export BENCH_KEY=sk-gh-profile-0123456789abcdefghijklmnopqrstuvwxyz
"$dir/gatehouse" bench upstream --listen 127.0.0.1:18091 > /dev/null 2>&1 & upstream=$!
"$dir/gatehouse" serve --config "$dir/gatehouse.yaml" --cpu-profile "$dir/cpu.pprof" 2> /dev/null & gateway=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  curl -fs -o /dev/null http://127.0.0.1:18090/healthz && break
  sleep 0.3
done
"$dir/gatehouse" bench --scenario chat,chat,stream,large,embed,chat --rounds 1 --duration 4s "gatehouse=http://127.0.0.1:18090/v1#env:BENCH_KEY"
kill -TERM $gateway
wait $gateway
cp "$dir/cpu.pprof" cmd/gatehouse/default.pgo
ls -l cmd/gatehouse/default.pgo
