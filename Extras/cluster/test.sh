#!/usr/bin/env bash
# Proves that nights on several machines lose nothing: two Slurm nodes, two Ray actors and the recipes of Docs/cluster.md, all on
# this one machine and on loopback. Installs what is missing; what it starts it stops.
#
# usage: test.sh BUILD_FOLDER [slurm] [ray] [recipes]
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

packages=()
if wants slurm; then packages+=(slurmctld slurmd slurm-client munge); fi
if wants recipes; then packages+=(parallel); fi
if wants ray; then packages+=(python3-venv); fi
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "as root, run: apt-get install ${missing[*]}" >&2; exit 77; }
        as_root=(sudo)
    fi
    echo "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    # Their services are not wanted: the test has daemons of its own.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
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
