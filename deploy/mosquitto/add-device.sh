#!/bin/sh
# Gives a device (or the gateway: community-gateway, or Home Assistant: home-assistant) an account at the broker, or changes its password.
#
#   add-device.sh [--stdin] [--file PASSWORDS] DEVICE_ID
#
# The password is generated and printed once, or with --stdin read from the first line of standard input. It is never
# part of a command line, where every user of the machine could read it. Reload the broker afterwards (SIGHUP).
set -eu

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 2
}

passwords=/etc/mosquitto/passwords
from_stdin=false
device=
while [ $# -gt 0 ]; do
    case $1 in
    --stdin) from_stdin=true ;;
    --file)
        [ $# -ge 2 ] || fail '--file needs the path of the password file'
        passwords=$2
        shift
        ;;
    -*) fail "unknown option $1; usage: add-device.sh [--stdin] [--file PASSWORDS] DEVICE_ID" ;;
    *)
        [ -z "$device" ] || fail 'give one device id; a password is never an argument'
        device=$1
        ;;
    esac
    shift
done

# The ids the gateway accepts. Anything else could widen the topic the account is confined to (+, #, /).
printf '%s' "$device" | LC_ALL=C awk '
    NR > 1 || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/ || length($0) > 64 { bad = 1 } END { exit (NR == 0 || bad) }' ||
    fail "'$device' cannot be a device id: letters, digits and _ . - only, at most 64, the first a letter or digit"
case $device in
community-gateway?*) fail "'$device' is reserved: the gateway's sessions bear such names" ;;
esac
command -v mosquitto_passwd >/dev/null || fail 'mosquitto_passwd is missing; install the package mosquitto'

if $from_stdin; then
    IFS= read -r password || [ -n "$password" ] || fail 'no password on standard input'
    [ "${#password}" -ge 12 ] || fail 'the password is shorter than 12 characters; leave out --stdin to get a good one'
else
    password=$(openssl rand -hex 16)
fi

# A copy is changed and moved into place: a failure leaves the accounts as they were.
umask 077
folder=$(dirname "$passwords")
[ -d "$folder" ] || fail "$folder does not exist; create it or name another file with --file"
work=$(mktemp -d "$folder/.passwords.XXXXXX") || fail "cannot write to $folder"
trap 'rm -rf "$work"' EXIT
if [ -e "$passwords" ]; then cp -p "$passwords" "$work/new"; else : >"$work/new"; fi
printf '%s\n%s\n' "$password" "$password" | mosquitto_passwd "$work/new" "$device" >/dev/null ||
    fail "mosquitto_passwd refused the account $device"
grep -q "^$device:" "$work/new" || fail "mosquitto_passwd did not write the account $device"
if [ "$(id -u)" = 0 ]; then
    if [ -e "$passwords" ]; then
        chown --reference="$passwords" "$work/new"
    elif id mosquitto >/dev/null 2>&1; then
        chown mosquitto "$work/new"
    fi
fi
chmod 600 "$work/new"
mv "$work/new" "$passwords"
$from_stdin || printf '%s\n' "$password"
