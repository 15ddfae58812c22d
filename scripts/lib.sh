# Shared by the scripts: where things are, and how a folder is configured and built. Source it.
#
# A variant is a build of everything in a folder of its own:
#   release   what is shipped       build/release, its binaries also in build/bin
#   asan      AddressSanitizer and UndefinedBehaviorSanitizer, build/asan
#   tsan      ThreadSanitizer       build/tsan

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build

# Debian's own python, whatever else is first in PATH: the pinned wheels are for it.
PYTHON=/usr/bin/python3

export CCACHE_DIR=${CCACHE_DIR:-$BUILD/ccache}
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$ROOT}
export CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
# What ccache needs to remember files that are compiled with a precompiled header.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}

say() { printf '== %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# jobs: how many compilers at once. One a core, and 2 GB of memory for each.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 2097152) }' /proc/meminfo)
  [ "$memory" -lt 1 ] && memory=1
  echo "${JOBS:-$((cores < memory ? cores : memory))}"
}

# configure VARIANT [CMAKE ARGUMENT...]: makes or refreshes build/VARIANT.
configure() {
  local variant=$1 type=Release sanitize=
  shift
  case $variant in
    asan) type=RelWithDebInfo sanitize=address ;;
    tsan) type=RelWithDebInfo sanitize=thread ;;
  esac
  [ -f "$BUILD/$variant/build.ninja" ] && [ $# -eq 0 ] && return 0  # ninja configures again by itself
  mkdir -p "$BUILD/$variant"
  cmake -S "$ROOT" -B "$BUILD/$variant" -G Ninja -DCMAKE_BUILD_TYPE=$type -DSANITIZE=$sanitize \
    -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 "$@" \
    >"$BUILD/$variant/configure.log" 2>&1 || {
    tail -40 "$BUILD/$variant/configure.log" >&2
    die "configuring build/$variant failed; all of it is in build/$variant/configure.log"
  }
}

# build VARIANT [TARGET...]: configures and builds, all targets without one. Two builds of the same
# folder at the same time wait for each other.
build() {
  local variant=$1
  shift
  mkdir -p "$BUILD/$variant"
  (
    flock 9
    configure "$variant"
    say "building build/$variant${1:+: $*} with $(jobs) compilers"
    NINJA_STATUS='[%f/%t %es] ' ninja -C "$BUILD/$variant" -j "$(jobs)" "$@"
  ) 9>"$BUILD/$variant.lock" || return
  [ "$variant" != release ] || ln -sfn release/bin "$BUILD/bin"
}
