# Sourced by app/glim and tests/run: installs missing Debian packages and builds a preset.
# Everything it says goes to standard error, so that the output of the program stays clean.

say() { printf 'glim: %s\n' "$*" >&2; }

# packages SECTION...: the names listed under the sections of packages.txt
packages() {
  local section line
  while read -r line; do
    case "$line" in
      '' | '#'*) ;;
      '['*) section=${line//[\[\]]/} ;;
      *) case " $* " in *" $section "*) printf '%s\n' "$line" ;; esac ;;
    esac
  done < "$root/configs/packages.txt"
}

missing_packages() {
  local name
  for name in $(packages "$@"); do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null)" = 'ii ' ] || printf '%s ' "$name"
  done
}

explain_packages() {
  say "$1; glim needs these Debian 12 packages (or their like on another distribution):"
  packages build test | tr '\n' ' ' | fold -s -w 76 | sed 's/^/  /' >&2
  printf '\n' >&2
  say "install them with your package manager, then start again; on Debian, as root:"
  printf '  apt-get install -y --no-install-recommends %s\n' "$(packages build test | tr '\n' ' ')" >&2
}

# install_packages SECTION...: nothing happens when all are there
install_packages() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || return 0
  local missing command
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command="apt-get install -y --no-install-recommends $missing"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      say "missing packages; run this once as root, then start again:"
      printf '  %s\n' "$command" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  say "installing: $missing"
  local log=$root/build/packages.log
  mkdir -p "$root/build"
  # shellcheck disable=SC2086
  if ! { DEBIAN_FRONTEND=noninteractive "${as_root[@]}" $command ||
         { "${as_root[@]}" apt-get update && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" $command; }; } >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    say "the packages could not be installed; the full log is $log. Run this as root, then start again:"
    printf '  %s\n' "$command" >&2
    return 1
  fi
}

# sources_changed STAMP: true when something that is built is newer than the stamp
sources_changed() {
  [ -e "$1" ] || return 0
  [ -n "$(find "$root/app" "$root/ui" "$root/engine" "$root/shaders" "$root/tests" "$root/CMakeLists.txt" \
    "$root/CMakePresets.json" -newer "$1" -type f \( -name '*.cpp' -o -name '*.h' -o -name '*.def' -o -name '*.comp' \
    -o -name '*.glsl' -o -name 'CMake*' \) -print -quit)" ]
}

# build_preset PRESET [TARGET...]: configures and builds, quietly unless it fails
build_preset() {
  local preset=$1 dir=$root/build/$1 log=$root/build/$1.log tool
  shift
  for tool in cmake ninja g++ pkg-config; do
    command -v "$tool" >/dev/null && continue
    explain_packages "'$tool' is not installed"
    return 1
  done
  mkdir -p "$dir"
  say "building ($preset); the log is $log"
  if ! { [ -e "$dir/build.ninja" ] || (cd "$root" && cmake --preset "$preset"); } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    explain_packages "the build could not be configured"
    return 1
  fi
  local targets=()
  [ $# -eq 0 ] || targets=(--target "$@")
  if [ -t 2 ]; then
    (cd "$root" && cmake --build --preset "$preset" "${targets[@]}" 2>&1) | tee -a "$log" |
      while read -r line; do case "$line" in '['*) printf '\r\033[K%.79s' "$line" >&2 ;; esac; done
    local status=${PIPESTATUS[0]}
    printf '\r\033[K' >&2
  else
    (cd "$root" && cmake --build --preset "$preset" "${targets[@]}") >>"$log" 2>&1
    local status=$?
  fi
  if [ "$status" -ne 0 ]; then
    grep -E -A 5 'error|Error|FAILED' "$log" | head -n 40 >&2
    say "the build failed; the full log is $log"
    return 1
  fi
}
