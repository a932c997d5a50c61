#!/bin/sh
# Builds the plugins' components from source. With --check it changes nothing in the repository: it
# leaves what it built in the target folder and runs the tests of the hooks with it. That committed
# components are made of the sources beside them is checked by their recorded hash (the test
# `plugins_are_fresh`); other machines may give other bytes.
#
# Needs the target: rustup target add wasm32-unknown-unknown
set -eu
export LC_ALL=C
cd "$(dirname "$0")"
plugins=$PWD
root=$(dirname "$plugins")
out=${CARGO_TARGET_DIR:-$root/target}
check=no
[ "${1:-}" = --check ] && check=yes

# The same sources give the same bytes anywhere. Cargo numbers crates inside a workspace by their
# place in it and others by where they lie on the machine, so the guest crate is built as a member of
# a copy; paths of the machine that remain are named anew.
stage=$out/plugins/stage
rm -rf "$stage"
mkdir -p "$stage"
cp -Rp "$root/sdk" "$stage/sdk"
for dir in */Cargo.toml; do
    cp -Rp "$(dirname "$dir")" "$stage"
done
cp -p Cargo.lock "$stage"
sed 's|"../sdk"|"sdk"|' Cargo.toml >"$stage/Cargo.toml"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
(
    RUSTFLAGS="--remap-path-prefix=$stage=. --remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$sysroot=rust"
    export RUSTFLAGS
    cd "$stage"
    CARGO_TARGET_DIR=$out/plugins cargo build --quiet --locked --release --target wasm32-unknown-unknown
)
CARGO_TARGET_DIR=$out cargo build --quiet --locked --manifest-path "$root/Cargo.toml" \
    --no-default-features --features wasm --example encode_plugin

# One hash over everything a component is made of; the test `plugins_are_fresh` computes the same.
sources() {
    (cd "$root" && find sdk/Cargo.toml sdk/src sdk/wit plugins/Cargo.toml plugins/Cargo.lock \
        "plugins/$1/Cargo.toml" "plugins/$1/src" -type f | sort | xargs sha256sum) |
        sha256sum | cut -d' ' -f1
}

for dir in */Cargo.toml; do
    name=$(dirname "$dir")
    # The conformance guest is no plugin for anybody's desk: it belongs to the tests.
    case $name in
    conformance) component=$root/tests/hooks/conformance.wasm ;;
    *) component=$plugins/$name/$name.wasm ;;
    esac
    core=$out/plugins/wasm32-unknown-unknown/release/opora_plugin_$name.wasm
    made=$out/plugins/$name.wasm
    "$out/debug/examples/encode_plugin" "$core" "$made"
    if [ $check = yes ]; then
        if cmp -s "$made" "$component"; then
            echo "$name: the same bytes as committed"
        else
            echo "$name: other bytes than committed"
        fi
        continue
    fi
    cp "$made" "$component"
    printf 'sources %s\ncomponent %s\n' "$(sources "$name")" \
        "$(sha256sum <"$component" | cut -d' ' -f1)" >"$component.sources"
    echo "$name: $(wc -c <"$component") bytes"
done
if [ $check = yes ]; then
    OPORA_COMPONENTS=$out/plugins CARGO_TARGET_DIR=$out cargo test --quiet --locked \
        --manifest-path "$root/Cargo.toml" --test hooks
fi
