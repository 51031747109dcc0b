#!/usr/bin/env bash
# Makes the native TensorFlow backend work where the install step of @tensorflow/tfjs-node cannot download its library.
#
# Takes libtensorflow out of the Python package tensorflow-cpu and compiles the binding of @tensorflow/tfjs-node against it.
# Both are kept in .native-tensorflow/ (RINGFENCE_NATIVE_TENSORFLOW names another folder) and linked into node_modules, so that
# after another npm ci this only links. Nothing depends on it: without the native backend the WebAssembly one is used.
#
# Needs Linux on x86_64, python3 with pip, g++ and Node.js's headers. 232 MB to load, 550 MB kept.
set -euo pipefail

# The last release, and the library with the C interface that its binding was written for.
readonly tfjs_node=4.22.0
readonly tensorflow=2.12.1
readonly wheel_sha256=7ffb595707a8fb376deaddc768784c7a0242b16cbc6e06393b1733b2ce19f855

root=$(cd "$(dirname "$0")/.." && pwd)
package=$root/node_modules/@tensorflow/tfjs-node
store=${RINGFENCE_NATIVE_TENSORFLOW:-$root/.native-tensorflow}

without() {
  echo "native-tensorflow: $1 The WebAssembly backend will be used." >&2
  exit 1
}

works() {
  (cd "$root" && TF_CPP_MIN_LOG_LEVEL=1 node -e '
    const util = require("util")
    util.isNullOrUndefined ??= (value) => value === null || value === undefined
    util.isArray ??= Array.isArray
    const tf = require("@tensorflow/tfjs-node")
    const sum = tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).sum().dataSync()[0]
    if (tf.getBackend() !== "tensorflow" || sum !== 512) process.exit(1)
    console.log(`native-tensorflow: works, TensorFlow ${tf.backend().binding.TF_Version}`)')
}

node_headers() {
  local folder
  for folder in "${npm_config_nodedir:-}/include/node" \
    "$(node -p 'require("path").resolve(process.execPath, "../../include/node")')" /usr/include/node; do
    [ -f "$folder/node_api.h" ] && echo "$folder" && return
  done
  return 1
}

load_library() {
  printf 'tensorflow-cpu==%s --hash=sha256:%s\n' "$tensorflow" "$wheel_sha256" >"$1/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --implementation cp --python-version 311 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --dest "$1" --requirement "$1/requirements.txt"
  python3 - "$1" "$2" <<'PY'
import pathlib, shutil, sys, zipfile

wheel, into = next(pathlib.Path(sys.argv[1]).glob('*.whl')), pathlib.Path(sys.argv[2])
libraries = {'tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'}
headers = tuple('tensorflow/include/tensorflow/' + part for part in ('c/', 'core/platform/ctstring', 'tsl/c/', 'tsl/platform/ctstring'))
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries:
            path = into / 'lib' / pathlib.Path(name).name
        elif name.startswith(headers) and name.endswith('.h'):
            path = into / name.removeprefix('tensorflow/')
        else:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(path, 'wb') as target:
            shutil.copyfileobj(source, target, 1 << 20)
PY
}

compile_binding() {
  g++ -shared -fPIC -O2 -std=c++17 -DNAPI_VERSION=8 -I"$1" -I"$2/deps/include" \
    "$package/binding/tfjs_backend.cc" "$package/binding/tfjs_binding.cc" \
    -L"$2/deps/lib" -Wl,--no-as-needed -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 \
    -Wl,-rpath,'$ORIGIN/../../deps/lib' -o "$2/lib/napi-v8/tfjs_binding.node"
}

[ "$(uname -sm)" = 'Linux x86_64' ] || without 'This recipe is for Linux on x86_64.'

# npm takes an optional package away again when its install step failed.
if [ ! -f "$package/binding.gyp" ]; then
  (cd "$root" && npm install --no-save --ignore-scripts --no-fund --no-audit --silent "@tensorflow/tfjs-node@$tfjs_node") ||
    without "The package @tensorflow/tfjs-node could not be unpacked."
fi
if [ ! -L "$package/lib" ] && works 2>/dev/null; then exit 0; fi

if [ ! -f "$store/ready-$tensorflow" ]; then
  command -v g++ >/dev/null || without 'There is no g++.'
  python3 -m pip --version >/dev/null 2>&1 || without 'There is no python3 with pip.'
  headers=$(node_headers) || without "There is no node_api.h: install Node.js's headers."
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/made/deps" "$work/made/lib/napi-v8" "$(dirname "$store")"
  load_library "$work" "$work/made/deps" || without "tensorflow-cpu $tensorflow could not be had."
  compile_binding "$headers" "$work/made" || without 'The binding could not be compiled.'
  touch "$work/made/ready-$tensorflow"
  rm -rf "$store"
  mv "$work/made" "$store"
fi

rm -rf "$package/deps" "$package/lib"
ln -s "$(realpath "$store")/deps" "$(realpath "$store")/lib" "$package/"
works || without 'The native backend does not pass its check.'
