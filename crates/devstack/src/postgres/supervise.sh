# Runs one PostgreSQL server for as long as standard input stays open.
#
# The process that starts this holds the other end of the pipe. However that process ends, also by
# SIGKILL, the pipe closes, and the server is stopped and its folder removed.
#
# Arguments: BIN BASE DATA USER PORT [OPTION...]
#   BIN   folder of initdb and postgres
#   BASE  folder of the socket, the log and (unless kept elsewhere) the data; removed at the end
#   DATA  data folder, created by initdb when it does not exist yet
#   USER  superuser; its password is in BASE/password
set -u
umask 077
bin=$1 base=$2 data=$3 user=$4 port=$5
shift 5
log=$base/log

# Only the pipe ends this: a signal to all processes of a service would leave the folder behind.
# The server has handlers of its own.
trap '' HUP INT TERM
exec 3<&0 </dev/null

finish() {
    [ "$1" -eq 0 ] || tail -n 20 "$log"
    rm -rf "$base"
    exit "$1"
}

# initdb may be interrupted, so it fills a folder beside the data folder, which gets its name when it is complete.
if [ ! -f "$data/PG_VERSION" ]; then
    rm -rf "$data.new"
    "$bin/initdb" --pgdata="$data.new" --username="$user" --pwfile="$base/password" \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-sync \
        >"$log" 2>&1 || finish 1
    mv "$data.new" "$data" >>"$log" 2>&1 || finish 1
fi

"$bin/postgres" -D "$data" -p "$port" -k "$base" -c listen_addresses=127.0.0.1 "$@" \
    >>"$log" 2>&1 3<&- &
postmaster=$!

# One signal could arrive before the server handles it, so it is repeated until the server is gone.
(
    read -r _ <&3
    while kill -INT "$postmaster" 2>/dev/null; do sleep 1; done
) >/dev/null 2>&1 &
watcher=$!

wait "$postmaster"
status=$?
kill -KILL "$watcher" 2>/dev/null
finish "$status"
