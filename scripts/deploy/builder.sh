# Shared by build-image and demo-image: docker, or buildah where no daemon answers. Source it after lib.sh.

IMAGE=$BUILD/image
VERSION=$(sed -n 's/^project(tournant VERSION \([0-9.]*\).*/\1/p' "$ROOT/CMakeLists.txt")
mkdir -p "$IMAGE"

buildah() {
  command buildah --root "$IMAGE/storage" --runroot "$IMAGE/run" --storage-driver vfs "$@"
}

have_docker() {
  docker info >/dev/null 2>&1
}

# run_sandboxed [OPTION...] SCRIPT ARGUMENT...: a Python script that uses sandbox.py, with a folder for
# its mounts as the last argument. OPTION is for unshare. Mounts and processes are gone when it ends;
# only then the folder is removed.
run_sandboxed() {
  local options=() folder=$IMAGE/sandbox status=0
  while [[ $1 == --* ]]; do
    options+=("$1")
    shift
  done
  rm -rf --one-file-system "$folder"
  mkdir -p "$folder"
  unshare --mount --propagation private --pid --fork --kill-child --mount-proc "${options[@]}" \
    "$BUILD/venv-deploy/bin/python" "$ROOT/scripts/deploy/$1" "${@:2}" "$folder" || status=$?
  rm -rf --one-file-system "$folder"
  return $status
}

# export_image TAG FILE: from buildah's storage.
export_image() {
  rm -f "$2"
  buildah push -q "$1" "docker-archive:$2:$1"
}
