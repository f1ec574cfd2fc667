#!/bin/sh
# Makes sure that the embedded Kafka can start: a Java of 17 or newer, and Maven until its jars are cached.
# Installs what is missing from Debian's packages where that is allowed; otherwise says what to run.
set -eu

version=$(sed -n 's/.*<kafka\.version>\(.*\)<\/kafka\.version>.*/\1/p' "$(dirname "$0")/kafka/pom.xml")
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ticketspike/kafka-$version/complete.json"

java_is_new_enough() {
    java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
    command -v "$java" >/dev/null 2>&1 || java=java
    command -v "$java" >/dev/null 2>&1 || return 1
    major=$("$java" -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9][0-9]*\).*/\2/p' | head -n 1)
    [ "${major:-0}" -ge 17 ]
}

missing=""
java_is_new_enough || missing="openjdk-17-jre-headless"
[ -f "$cache" ] || command -v mvn >/dev/null 2>&1 || missing="${missing:+$missing }maven"
[ -n "$missing" ] || exit 0

# Debian's newer releases have no Java 17: there the default one is new enough.
if command -v apt-cache >/dev/null 2>&1 && ! apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
    missing=$(echo "$missing" | sed 's/openjdk-17-jre-headless/default-jre-headless/')
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $missing from Debian's packages ..." >&2
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # one word a package
    if { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } </dev/null >&2; then
        java_is_new_enough && exit 0
        echo "Java is still older than 17; set JAVA_HOME to the new one, or use \`docker compose up\`." >&2
        exit 1
    fi
fi

echo "The embedded Kafka needs $missing; install with \`sudo apt-get install -y $missing\` (or your system's way), or run everything in containers with \`docker compose up\`." >&2
exit 1
