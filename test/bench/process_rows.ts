/** What a shell task costs beyond the bash that it starts, in alternating pairs. */
import { familySeconds } from "./processor_time.ts";
import { atMost, median, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const TASKS = 100;
const PAIRS = 3;
const MOST_MS = 10;

const each = `each: Array.from({ length: ${TASKS} }, (_, index) => index)`;
const SHELL = `
import { dag } from "dagsmith";
import { shell } from "dagsmith/plugins/process";
const d = dag("shell");
d.task("each", { ${each} }, shell("true"));
export default d;
`;
const NOTHING = `
import { dag } from "dagsmith";
const d = dag("nothing");
d.task("each", { ${each} }, () => undefined);
export default d;
`;
/** All in one task: a task that starts processes itself may not share its own with others. */
const BASH = `
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { dag } from "dagsmith";
const d = dag("bash");
d.task("all", async () => {
  for (let n = 0; n < ${TASKS}; n++) await promisify(execFile)("bash", ["-euo", "pipefail", "-c", "true"]);
});
export default d;
`;

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export async function processRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(SHELL, NOTHING, BASH);
  const worker = await stand.startWorker(1);
  try {
    // The first run of each starts a task process and loads its bundle.
    await costBeyondBash(stand);
    const more: Cost[] = [];
    for (let pair = 0; pair < PAIRS; pair++) more.push(await costBeyondBash(stand));
    const name = "a shell task, beyond an empty task and a bash";
    const note = `the middle of ${PAIRS} pairs of ${TASKS} tasks`;
    return [
      atMost(`${name}: processor time`, median(more.map((one) => one.cpuMs)), "ms", MOST_MS, note),
      atMost(`${name}: time`, median(more.map((one) => one.wallMs)), "ms", MOST_MS, note),
    ];
  } finally {
    await worker.stop();
  }
}

/** What a shell task costs beyond a task that does nothing, and a bash. */
async function costBeyondBash(stand: Stand): Promise<Cost> {
  const shell = await costOf(stand, "shell");
  const [nothing, bash] = [await costOf(stand, "nothing"), await costOf(stand, "bash")];
  return {
    cpuMs: shell.cpuMs - nothing.cpuMs - bash.cpuMs,
    wallMs: shell.wallMs - nothing.wallMs - bash.wallMs,
  };
}

/** Of one of the tasks, or of one bash. */
async function costOf(stand: Stand, dagId: string): Promise<Cost> {
  const before = familySeconds(process.pid);
  const { ms } = await stand.run(dagId);
  const cpuMs = (familySeconds(process.pid) - before) * 1_000;
  return { cpuMs: cpuMs / TASKS, wallMs: ms / TASKS };
}
