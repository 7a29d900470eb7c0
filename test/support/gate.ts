/**
 * A gate that tasks in other processes wait at until the test opens it: a file that is
 * there or not.
 */
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface Gate {
  /** The environment of the tasks that use {@link GATE_CODE}. */
  readonly env: { readonly GATE: string; readonly DIARY: string };
  open(): Promise<void>;
  /** What tasks wrote with `note`, one entry for each call. */
  notes(): Promise<readonly string[]>;
}

/**
 * For the text of a DAG file: `await gate()` waits, `note(text)` writes a line that
 * outlives every process.
 */
export const GATE_CODE = `
import { appendFileSync, existsSync, watch } from "node:fs";
import { dirname } from "node:path";
const gate = () => new Promise((resolve) => {
  const look = () => existsSync(process.env.GATE) && resolve(watcher.close());
  // Watched before the first look, so that no opening is missed.
  const watcher = watch(dirname(process.env.GATE), look);
  look();
});
const note = (text) => appendFileSync(process.env.DIARY, text + "\\n");
`;

export async function newGate(): Promise<Gate> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-gate-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return gateIn(folder);
}

/** A gate in a folder that the caller removes. */
export async function gateIn(folder: string): Promise<Gate> {
  const env = { GATE: join(folder, "open"), DIARY: join(folder, "diary") };
  await appendFile(env.DIARY, "");
  return {
    env,
    open: () => writeFile(env.GATE, ""),
    notes: async () =>
      (await readFile(env.DIARY, "utf8")).split("\n").filter((line) => line !== ""),
  };
}
