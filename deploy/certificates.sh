#!/bin/sh
# The site's own certificate authority, for the broker and (optionally) its devices.
#
#   certificates.sh ca                        ca.crt, ca.key and an empty revocation list ca.crl
#   certificates.sh server NAME [NAME ...]    server.crt, server.key; names and IP addresses the broker is reached by
#   certificates.sh client DEVICE_ID          clients/DEVICE_ID.crt, .key; the common name is the device id
#   certificates.sh revoke DEVICE_ID          adds the device's certificate to ca.crl
#   certificates.sh crl                       renews ca.crl; it is valid for CRL_DAYS, so have cron do this
#
# Everything goes to CERTIFICATES (default: certificates, in the current folder). Nothing is ever overwritten except
# ca.crl. Keep ca.key off the broker's machine: who has it can be any device.
# DAYS: validity of server and client certificates, 825. CA_DAYS: of the CA, 7300. CRL_DAYS: 400.
set -eu
umask 077

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 2
}

folder=${CERTIFICATES:-certificates}
days=${DAYS:-825}
ca_days=${CA_DAYS:-7300}
crl_days=${CRL_DAYS:-400}

absent() {
    for path in "$@"; do
        [ ! -e "$path" ] || fail "$path exists and is not overwritten; move it away first if you mean to replace it"
    done
}

quietly() {
    openssl "$@" 2>"$work/openssl.log" || fail "openssl $1: $(tail -n 3 "$work/openssl.log")"
}

need_ca() {
    [ -f "$folder/ca.key" ] && [ -f "$folder/ca.crt" ] || fail "no CA in $folder; run: certificates.sh ca"
}

is_name() {
    printf '%s' "$1" | LC_ALL=C awk 'NR > 1 || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/ || length($0) > 64 { bad = 1 }
        END { exit (NR == 0 || bad) }'
}

new_key() {
    quietly genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
    chmod 600 "$1"
}

# sign KEY COMMON_NAME EXTENSIONS CERTIFICATE
sign() {
    quietly req -new -key "$1" -subj "/CN=$2" -out "$work/request.csr"
    printf '%s\n' 'basicConstraints=critical,CA:false' 'keyUsage=critical,digitalSignature' \
        'authorityKeyIdentifier=keyid' "$3" >"$work/extensions"
    quietly x509 -req -in "$work/request.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -sha256 -days "$days" \
        -set_serial "0x$(openssl rand -hex 16 | sed 's/^./1/')" -extfile "$work/extensions" -out "$4"
    chmod 644 "$4"
}

ca_config() {
    cat >"$work/ca.cnf" <<CONFIG
[ca]
default_ca = site
[site]
database = $folder/revoked.txt
certificate = $folder/ca.crt
private_key = $folder/ca.key
default_md = sha256
default_crl_days = $crl_days
CONFIG
}

make_crl() {
    ca_config
    quietly ca -config "$work/ca.cnf" -gencrl -out "$work/ca.crl"
    chmod 644 "$work/ca.crl"
    mv "$work/ca.crl" "$folder/ca.crl"
}

make_ca() {
    mkdir -p "$folder"
    absent "$folder/ca.key" "$folder/ca.crt"
    new_key "$folder/ca.key"
    printf '%s\n' '[req]' 'distinguished_name=dn' '[dn]' '[ext]' 'basicConstraints=critical,CA:true,pathlen:0' \
        'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' >"$work/root.cnf"
    quietly req -x509 -new -config "$work/root.cnf" -extensions ext -key "$folder/ca.key" -sha256 -days "$ca_days" \
        -subj "/CN=Community Gateway site CA" -out "$folder/ca.crt"
    chmod 644 "$folder/ca.crt"
    : >"$folder/revoked.txt"
    make_crl
}

make_server() {
    [ $# -ge 1 ] || fail 'server: name at least one host name or IP address the broker is reached by'
    need_ca
    absent "$folder/server.key" "$folder/server.crt"
    names=
    for name in "$@"; do
        case $name in
        *[!0-9A-Za-z.:_-]*) fail "'$name' is neither a host name nor an IP address" ;;
        *:* | *.*.*.*[0-9]) kind=IP ;;
        *) kind=DNS ;;
        esac
        case $name in *[!0-9.:a-fA-F]*) kind=DNS ;; esac
        names="$names${names:+,}$kind:$name"
    done
    new_key "$folder/server.key"
    sign "$folder/server.key" "$1" "$(printf 'extendedKeyUsage=serverAuth\nsubjectAltName=%s' "$names")" \
        "$folder/server.crt"
}

make_client() {
    is_name "${1:-}" || fail "'${1:-}' cannot be a device id: letters, digits and _ . - only, at most 64"
    need_ca
    mkdir -p "$folder/clients"
    absent "$folder/clients/$1.key" "$folder/clients/$1.crt"
    new_key "$folder/clients/$1.key"
    sign "$folder/clients/$1.key" "$1" 'extendedKeyUsage=clientAuth' "$folder/clients/$1.crt"
}

revoke() {
    is_name "${1:-}" || fail "'${1:-}' cannot be a device id"
    need_ca
    [ -f "$folder/clients/$1.crt" ] || fail "$folder/clients/$1.crt does not exist; nothing was revoked"
    ca_config
    quietly ca -config "$work/ca.cnf" -revoke "$folder/clients/$1.crt"
    make_crl
    mv "$folder/clients/$1.crt" "$folder/clients/$1.crt.revoked"
    mv "$folder/clients/$1.key" "$folder/clients/$1.key.revoked"
}

command -v openssl >/dev/null || fail 'openssl is missing; install the package openssl'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command=${1:-}
[ $# -eq 0 ] || shift
case $command in
ca) make_ca ;;
server) make_server "$@" ;;
client) make_client "$@" ;;
revoke) revoke "$@" ;;
crl)
    need_ca
    make_crl
    ;;
*) fail 'usage: certificates.sh ca | server NAME... | client DEVICE_ID | revoke DEVICE_ID | crl' ;;
esac
