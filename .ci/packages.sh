#!/usr/bin/env bash
# Installs Debian packages that are not there yet: packages.sh PACKAGE...
# Where apt or the right to use it is missing, says in one line what to install. It never fails: what then still is
# missing is reported by whatever needs it (in CI as a failure).
set -euo pipefail

missing=()

program_of() {
    case $1 in
        mosquitto-clients) echo mosquitto_pub ;;
        influxdb) echo influxd ;;
        nginx-light) echo nginx ;;
        postgresql) echo postgres ;;
        python3-venv | fonts-noto-cjk | libatomic1) echo "" ;;
        *) echo "$1" ;;
    esac
}

present() {
    local program
    program=$(program_of "$1")
    if [ -n "$program" ]; then
        PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin" command -v "$program" >/dev/null && return 0
    fi
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

find_missing() {
    missing=()
    local package
    for package in "$@"; do present "$package" || missing+=("$package"); done
}

# Without systemd, package scripts would start servers that nothing stops; the tests start their own on free ports.
keep_servers_down() {
    local policy=/usr/sbin/policy-rc.d
    if [ -d /run/systemd/system ] || [ -e "$policy" ]; then return 0; fi
    # shellcheck disable=SC2016
    "${as_root[@]}" sh -c 'printf "#!/bin/sh\nexit 101\n" > "$1" && chmod 755 "$1"' sh "$policy"
    # shellcheck disable=SC2064
    trap "${as_root[*]} rm -f $policy" EXIT
    trap 'exit 130' INT TERM
}

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
        -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

install() { apt install --no-install-recommends "$@"; }

find_missing "$@"
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    as_root=()
fi

if ! command -v apt-get >/dev/null; then
    echo "Please install with this system's package manager: ${missing[*]}" >&2
    exit 0
elif [ ${#as_root[@]} = 0 ]; then
    echo "Please run: sudo apt-get install ${missing[*]}" >&2
    exit 0
fi

echo "==> Debian packages: ${missing[*]}"
keep_servers_down
apt update || echo "the package lists could not be refreshed; trying with those at hand" >&2
if ! install "${missing[@]}"; then
    for package in "${missing[@]}"; do install "$package" || true; done # one unknown name must not stop the others
fi

find_missing "$@"
[ ${#missing[@]} = 0 ] || echo "Still missing: ${missing[*]}; what needs them will say so" >&2
