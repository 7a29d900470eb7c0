#!/usr/bin/env node
/**
 * The start of the `dag` command. It imports nothing but the table of errors, so that a
 * Node that is too old for the rest gets one clear line instead of a syntax error.
 */
import { DagsmithError } from "../../sdk/errors.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  const { enableCompileCache } = await import("node:module");
  // Parsing our own files takes a large part of a short command's time.
  enableCompileCache();
  const { main } = await import("./main.ts");
  await main(process.argv.slice(2));
} else {
  const { code, message } = new DagsmithError("NODE_TOO_OLD", { found: process.version });
  if (process.argv.includes("--json"))
    process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
