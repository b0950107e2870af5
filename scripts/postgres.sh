#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for tests: `scripts/postgres.sh start DIR PORT` prints its URL, `scripts/postgres.sh stop DIR` ends and removes it.
# Installs Debian's package when no server is there. Durable settings stay on: the hub refuses to start without them.
set -euo pipefail
action=$1 dir=$2

find_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
as_owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

case $action in
  start)
    port=$3
    bin=$(find_bin)
    if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
      (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql) >&2
      bin=$(find_bin)
    fi
    mkdir -p "$dir"
    [ "$(id -u)" = 0 ] && chown postgres "$dir"
    chmod 700 "$dir"
    cd "$dir"
    as_owner "$bin/initdb" -D "$dir/data" -U handoff --auth=trust --encoding=UTF8 --no-locale >"/dev/null"
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -s -l "$dir/log" -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=200" start >&2
    echo "postgres://handoff@127.0.0.1:$port/postgres"
    ;;
  stop)
    bin=$(find_bin)
    cd "$dir"
    as_owner "$bin/pg_ctl" -D "$dir/data" -s -m fast stop >&2 || true
    cd / && rm -rf "$dir"
    ;;
  *) echo "usage: scripts/postgres.sh start DIR PORT | stop DIR" >&2; exit 2 ;;
esac
