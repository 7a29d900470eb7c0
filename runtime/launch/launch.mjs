/**
 * Runs a target of package.json on a machine that has only Node and npm: installs what
 * the lockfile names when it is missing, builds when the sources are newer, then runs the
 * target on the Node that the project pins. Plain JavaScript, so that Node 18 can run it.
 *
 * Usage: node runtime/launch/launch.mjs demo|test|services|bench|chaos|conformance|
 * pictures [arguments] TEST_NODE names another Node to run the target on.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, isBuilt } from "./build.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const modules = join(root, "node_modules");
const ORPHAN_CHECK_MS = 500;
const windows = process.platform === "win32";

const VITEST = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=./test/support/count_reporter.ts",
];

/** Target to the arguments of node. */
const TARGETS = {
  demo: ["dist/runtime/cli/demo.js"],
  bench: ["test/bench/main.ts"],
  chaos: ["test/chaos/main.ts"],
  conformance: ["test/conformance/main.ts"],
  test: VITEST,
  pictures: [...VITEST, "--config=vitest.pictures.config.ts"],
  services: [...VITEST, "--config=vitest.services.config.ts"],
};

const [target = "", ...rest] = process.argv.slice(2);
const [script, ...before] = TARGETS[target] ?? [];
if (script === undefined) {
  console.error(`Unknown target "${target}". Allowed: ${Object.keys(TARGETS).join(", ")}.`);
  process.exit(2);
}
installIfStale();
if (!isBuilt(root)) build(root, pinnedNode());
run(process.env.TEST_NODE || pinnedNode(), [join(root, script), ...before, ...rest]);

function installIfStale() {
  const marker = join(modules, ".dagsmith-lock");
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  // The owner of a linked node_modules keeps it current: `npm ci` would empty it for all
  // worktrees.
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink()) return;
  if (existsSync(marker) && readFileSync(marker, "utf8") === hash) return;
  if (!installedByHand()) npmCi();
  writeFileSync(marker, hash);
}

/** npm writes its own copy of the lockfile at the end of an installation. */
function installedByHand() {
  const copy = join(modules, ".package-lock.json");
  return (
    existsSync(copy) &&
    existsSync(pinnedNode()) &&
    statSync(copy).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs
  );
}

function npmCi() {
  console.error("Installing packages (once)…");
  // Warnings are about the Node that runs npm, which is not the Node that runs the target:
  // 250 lines of them hid the few that matter. On stderr: stdout is for the output of the
  // target only.
  const { status } = spawnSync(windows ? "npm.cmd" : "npm", ["ci", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: windows,
  });
  if (status === 0) return;
  console.error("npm ci failed; see above.");
  process.exit(1);
}

/** The Node that package.json pins as a dependency. */
function pinnedNode() {
  return join(modules, "node", "bin", windows ? "node.exe" : "node");
}

/**
 * Runs the target in place of this process: it gets the signals, and its exit code or
 * signal is returned.
 */
function run(node, args) {
  const child = spawn(node, args, { cwd: root, stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  // When npm is asked to stop, it ends its shell but not the children of the shell: this
  // process then gets another parent.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), ORPHAN_CHECK_MS).unref();
  child.on("error", (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) =>
    process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1)),
  );
}
