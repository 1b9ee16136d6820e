#!/usr/bin/env bash
# Makes the package of one platform from a built program: platform.sh linux x64 target/release/glowplug OUT
set -euo pipefail
os=$1 cpu=$2 program=$3 out=$4
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$(dirname "$0")/../../Cargo.toml" | head -1)
mkdir -p "$out"
install -m 755 "$program" "$out/glowplug"
cat > "$out/package.json" <<JSON
{
  "name": "glowplug-$os-$cpu",
  "version": "$version",
  "description": "The program of glowplug for $os on $cpu",
  "license": "MIT OR Apache-2.0",
  "os": ["$os"],
  "cpu": ["$cpu"],
  "files": ["glowplug"]
}
JSON
