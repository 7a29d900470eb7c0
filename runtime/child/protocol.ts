/**
 * The messages between a worker and its task processes: one JSON object a line, over one
 * socket, so that the log lines of a try arrive before its result. Both sides share this
 * file, and it knows neither.
 */

import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";
import type { AssetEvent } from "../../sdk/sources/asset.ts";
import type { OutputPage } from "./lazy_list.ts";
import type { CallbackRequest } from "./run_callback.ts";
import type { LogLevel, TryRequest, TryResult } from "./run_try.ts";

/** The source of a log line. */
export type LogSource = "task" | "stdout" | "stderr" | "dagsmith";

/** The requests of a task to its worker, and their answers. */
export interface Calls {
  readonly connection: { readonly args: readonly [id: string]; readonly value: Connection };
  readonly variable: { readonly args: readonly [key: string]; readonly value: string | null };
  readonly pullXCom: {
    readonly args: readonly [taskId: string, key: string];
    readonly value: Json;
  };
  /** `after` is a map index in digits. */
  readonly pullPage: {
    readonly args: readonly [taskId: string, after: string];
    readonly value: OutputPage;
  };
  /** `json` is JSON text. */
  readonly pushXCom: { readonly args: readonly [key: string, json: string]; readonly value: null };
  readonly assetEvents: {
    readonly args: readonly [uri: string, limit: string];
    readonly value: readonly AssetEvent[];
  };
}
export type CallMethod = keyof Calls;

/** From worker to task process. */
export type ToChild =
  | {
      readonly type: "run";
      readonly bundle: string;
      readonly request: TryRequest;
      readonly callback?: CallbackRequest;
    }
  | { readonly type: "abort"; readonly reason: string }
  | { readonly type: "reply"; readonly call: number; readonly value: unknown }
  | {
      readonly type: "refuse";
      readonly call: number;
      readonly error: { readonly name: string; readonly message: string; readonly code?: string };
    };

/** From task process to worker. */
export type FromChild =
  | { readonly type: "ready" }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly source: LogSource;
      readonly text: string;
    }
  | {
      readonly type: "call";
      readonly call: number;
      readonly method: CallMethod;
      readonly args: readonly string[];
    }
  /**
   * `isSpoilt`: the body may still run, because an error outside it ended the try. `rss`:
   * the memory of the process in bytes, sent now and then.
   */
  | {
      readonly type: "done";
      readonly result: TryResult;
      readonly isSpoilt: boolean;
      readonly rss?: number;
    };

/** The file descriptor of the socket in a task process. */
export const CHANNEL_FD = 3;

/** Cuts a stream of bytes into lines; multi-byte characters may be split over chunks. */
export class LineReader {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  /**
   * Parts of a line whose end has not arrived. They are joined once, because a line may
   * be tens of megabytes long.
   */
  #pieces: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const [first = "", ...more] = this.#decoder.decode(chunk, { stream: true }).split("\n");
    this.#pieces.push(first);
    for (const piece of more) {
      const line = this.#pieces.join("");
      this.#pieces = [piece];
      this.#onLine(line);
    }
  }
}
