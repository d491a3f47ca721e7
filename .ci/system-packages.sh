#!/bin/bash
# system-packages.sh: what the tests use from Debian. Chromium shows pages and mails, Postfix brings
# smtp-sink and smtp-source, the Noto fonts draw Chinese, newsboat, sfeed (with curl) and
# rss2email read our feeds, nginx serves our files. PostgreSQL comes as a wheel.
#
# Installs what is missing when it may (root, or sudo that asks nothing), else names it and goes on:
# the tests marked `browser`, `nginx` and `smtpsink`, and those of these readers, then skip.
set -eu
export PATH=$PATH:/usr/sbin DEBIAN_FRONTEND=noninteractive

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v smtp-sink >/dev/null || missing+=(postfix)
command -v newsboat >/dev/null || missing+=(newsboat)
command -v nginx >/dev/null || missing+=(nginx)
command -v sfeed >/dev/null || missing+=(sfeed)
command -v curl >/dev/null || missing+=(curl)
command -v r2e >/dev/null || missing+=(rss2email)
installed fonts-noto-cjk || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -gt 0 ] || exit 0

go_on_without() {
    echo "The tests that need them are skipped; missing: ${missing[*]} ($1)"
    exit 0
}
command -v apt-get >/dev/null || go_on_without "no apt-get here"
if [ "$(id -u)" = 0 ]; then
    root=()
elif sudo -n true 2>/dev/null; then
    root=(sudo -n)
else
    go_on_without "not root; apt-get install them"
fi

# A mail server that is already here must not give way to Postfix.
if [[ " ${missing[*]} " = *" postfix "* ]]; then
    other=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' | awk '/^installed .*mail-transport-agent/ {print $2; exit}')
    if [ -n "$other" ]; then
        echo "The tests that need smtp-sink are skipped: postfix would replace $other"
        wanted=(); for package in "${missing[@]}"; do [ "$package" = postfix ] || wanted+=("$package"); done
        missing=(${wanted[@]+"${wanted[@]}"})
        [ ${#missing[@]} -gt 0 ] || exit 0
    fi
fi

# For the length of the installation no package starts a service; and Postfix stays unconfigured.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee $policy >/dev/null
    "${root[@]}" chmod 755 $policy
    trap '"${root[@]}" rm -f $policy' EXIT
fi
echo "Installing ${missing[*]} …"
log=$(mktemp)
if ! {
    "${root[@]}" apt-get update -q &&
    echo 'postfix postfix/main_mailer_type select No configuration' | "${root[@]}" debconf-set-selections &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
} >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log"
    go_on_without "apt-get failed, its log is $log"
fi
rm -f "$log"
if [[ " ${missing[*]} " = *" postfix "* ]] && command -v systemctl >/dev/null; then
    "${root[@]}" systemctl disable --quiet postfix 2>/dev/null || true
fi
