#!/usr/bin/env bash
# Proves that nights on several machines lose nothing: two Slurm nodes, two Ray actors and the recipes of Docs/cluster.md, all on
# this one machine and on loopback. Installs what is missing; what it starts it stops.
#
# usage: test.sh BUILD_FOLDER [slurm] [ray] [recipes]
#
# WHERE_POSSIBLE=1: a machine that it can't be run on is no failure. SPARK=1: Spark as well.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(slurm ray recipes)
model=$root/Extras/models/reference-small
environment=${CLUSTER_ENVIRONMENT:-$root/.build/cluster-environment}
began=$SECONDS

wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

packages=(python3)
if wants slurm; then packages+=(slurmctld slurmd slurm-client munge); fi
if wants recipes; then packages+=(parallel); fi
if wants ray || [ "${SPARK:-}" = 1 ]; then packages+=(python3-venv); fi
if [ "${SPARK:-}" = 1 ]; then packages+=(default-jre-headless); fi

# Says why it can't be run here: no failure where the caller has said so.
unable() {
    echo "test-cluster: skipped: $1" >&2
    [ "${WHERE_POSSIBLE:-}" = 1 ] && exit 0
    exit 77
}

command -v dpkg-query >/dev/null || unable "not a Debian system; it needs the likes of: ${packages[*]}"
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || unable "as root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    echo "test-cluster: installing ${missing[*]} with ${as_root[*]:+sudo }apt-get"
    "${as_root[@]}" apt-get update -qq || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null || unable "can't install ${missing[*]}"
    # Their services are not wanted: the test has daemons of its own.
    for service in munge slurmctld slurmd; do
        if [ -d /run/systemd/system ] && [[ " ${missing[*]} " == *" $service "* ]]; then
            "${as_root[@]}" systemctl disable --quiet --now "$service" || true
        fi
    done
fi
if wants ray && ! "$environment/bin/python" -c 'import ray' 2>/dev/null; then
    echo "installing Ray into $environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install -q -r "$root/Extras/ray/requirements.txt"
fi
# SPARK=1 installs Spark from PyPI as well: some 500 MB.
if wants recipes && [ "${SPARK:-}" = 1 ] && [ ! -x "$environment/bin/spark-submit" ]; then
    [ -d "$environment" ] || python3 -m venv "$environment"
    "$environment/bin/pip" install -q pyspark
fi

status=0
if wants slurm; then python3 "$here/test_slurm.py" "$build" || status=1; fi
if wants ray; then "$environment/bin/python" "$here/test_ray.py" "$build" "$model" || status=1; fi
if wants recipes; then PATH="$PATH:$environment/bin" python3 "$here/test_recipes.py" "$build" "$model" || status=1; fi
echo "test-cluster: $((SECONDS - began)) s"
exit "$status"
