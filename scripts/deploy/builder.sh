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

# export_image TAG FILE: from buildah's storage.
export_image() {
  rm -f "$2"
  buildah push -q "localhost/$1" "docker-archive:$2:$1"
}
