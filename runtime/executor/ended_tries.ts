/**
 * The last tries of a task process, whose code may still run: a timer that was not
 * cleared, a promise that was not awaited. Output of such code goes into the log of its
 * own try.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { FromChild, LogSource } from "../child/protocol.ts";
import type { LogLevel } from "../child/run_try.ts";

interface EndedTry {
  readonly id: number;
  readonly taskId: string;
  readonly host: { log(level: LogLevel, source: LogSource, text: string): void };
}

/** A call that is answered with an error. */
interface Refusal {
  readonly call: number;
  readonly error: DagsmithError;
}

/** How many tries are remembered; messages of older ones are dropped. */
const REMEMBERED = 8;
/** Lines that an ended try may still write: a timer could write for ever. */
const MOST_LINES = 100;

export class EndedTries {
  readonly #tries: (EndedTry & { lines: number })[] = [];

  add({ id, taskId, host }: EndedTry): void {
    this.#tries.push({ id, taskId, host, lines: 0 });
    if (this.#tries.length > REMEMBERED) this.#tries.shift();
  }

  /** Logs a late message in the log of its own try. @returns the refusal of a call */
  receive(message: Exclude<FromChild, { type: "ready" }>): Refusal | undefined {
    const ended = this.#tries.find(({ id }) => id === message.try);
    if (message.type === "log") this.#log(message.try, message.level, message.source, message.text);
    if (message.type !== "call") return undefined;
    const { call, method } = message;
    const error = new DagsmithError("TRY_ENDED", { task: ended?.taskId ?? "", method });
    this.#log(message.try, "warn", "dagsmith", `${error.code}: ${error.message}`);
    return { call, error };
  }

  #log(id: number, level: LogLevel, source: LogSource, text: string): void {
    const ended = this.#tries.find((one) => one.id === id);
    if (!ended || ended.lines >= MOST_LINES) return;
    ended.lines += 1;
    ended.host.log(level, source, text);
  }
}
