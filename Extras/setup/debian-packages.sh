#!/usr/bin/env bash
# Installs what nightshift needs of Debian, and says what it does. Does nothing where all of it is there.
set -euo pipefail

packages=(libsqlite3-dev libopenblas-dev zlib1g-dev sqlite3 poppler-utils)

if ! command -v swift >/dev/null; then
    echo "setup: Swift 6.2 or later is needed and there is no 'swift' on the PATH; see https://www.swift.org/install/linux/" >&2
    exit 69
fi
command -v dpkg-query >/dev/null || { echo "setup: not a Debian system; install the likes of: ${packages[*]}" >&2; exit 0; }

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: as root, run: apt-get install ${missing[*]}" >&2; exit 77; }
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]} with ${as_root[*]:+sudo }apt-get" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
