/**
 * A message queue of a user's package: a file whose lines are messages. A second file has
 * the number of the first line that is not confirmed.
 */
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReaderOptions } from "../../runtime/listener/message_reader.ts";

/** Readers of the queues of dagsmith alone. */
export const READERS: ReaderOptions = {
  ...{ packages: [], projectFolder: process.cwd(), environment: {}, user: undefined },
};

const PACKAGE = `import { readFileSync, writeFileSync, watch, existsSync } from "node:fs";
import { once } from "node:events";
const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");
export const messageQueues = [{ id: "lines", types: ["lines"], open: async ({ password }, { settings }) => {
  const { file } = settings;
  if (existsSync(file + ".silent")) await once(process, "never", { signal: AbortSignal.timeout(50_000) });
  if (!existsSync(file)) throw new Error("there is no file " + file + " for " + password);
  const changed = watch(file);
  let next = Number(read(file + ".confirmed"));
  const waiting = (max) => read(file).split("\\n").slice(0, -1).slice(next, next + max);
  return {
    receive: async ({ max, waitMs }) => {
      if (existsSync(file + ".broken")) throw new Error("the file is broken");
      if (waiting(1).length === 0)
        await once(changed, "change", { signal: AbortSignal.timeout(waitMs) }).catch(() => undefined);
      const lines = waiting(max);
      next += lines.length;
      return lines.map((line, index) => ({
        id: String(next - lines.length + index), key: null, headers: {}, at: null,
        body: line.startsWith("hex ") ? Buffer.from(line.slice(4), "hex") : line }));
    },
    confirm: async (messages) => {
      if (existsSync(file + ".exits")) process.exit(7);
      writeFileSync(file + ".confirmed", String(Number(messages.at(-1).id) + 1));
    },
    close: async () => changed.close(),
  };
} }];
`;

export interface LineQueue extends AsyncDisposable {
  readonly readers: ReaderOptions;
  /** The path of a queue that is there. */
  queue(name: string): Promise<string>;
  /** Sends messages at once. */
  send(name: string, ...lines: readonly string[]): Promise<void>;
  /** How many messages are confirmed. */
  confirmed(name: string): Promise<number>;
  /**
   * Makes `confirm` end its process (`exits`), `receive` fail (`broken`), or `open` wait
   * (`silent`); or nothing of it.
   */
  fault(name: string, fault: "exits" | "broken" | "silent", on: boolean): Promise<void>;
}

export async function lineQueue(): Promise<LineQueue> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-queue-"));
  await writeFile(join(folder, "lines.mjs"), PACKAGE);
  const path = (name: string): string => join(folder, name);
  return {
    readers: { ...READERS, packages: ["./lines.mjs"], projectFolder: folder },
    queue: async (name) => {
      await appendFile(path(name), "");
      return path(name);
    },
    send: (name, ...lines) => appendFile(path(name), lines.map((line) => `${line}\n`).join("")),
    confirmed: async (name) =>
      Number(await readFile(`${path(name)}.confirmed`, "utf8").catch(() => "0")),
    fault: (name, fault, on) =>
      on ? writeFile(`${path(name)}.${fault}`, "") : rm(`${path(name)}.${fault}`, { force: true }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
