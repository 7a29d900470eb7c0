/**
 * The messages between a worker and its task processes: one JSON object a line, over one
 * socket, so that the log lines of a try arrive before its result. Both sides share this
 * file, and it knows neither.
 */

import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";
import type { AssetEvent } from "../../sdk/sources/asset.ts";
import type { StateEntry } from "../../sdk/task/state_store.ts";
import type { FileAccess } from "./context/file_client.ts";
import type { OutputPage } from "./context/lazy_list.ts";
import type { CallbackRequest } from "./run_callback.ts";
import type { LogLevel, TryRequest, TryResult } from "./run_try.ts";
import type { SpanRecord } from "./span_record.ts";

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
  /** A scope is `dag`, `task`, or `shared:` and a name. The value is JSON text. */
  readonly readState: {
    readonly args: readonly [scope: string, key: string];
    readonly value: string | null;
  };
  readonly listState: {
    readonly args: readonly [scope: string, prefix: string];
    readonly value: readonly StateEntry[];
  };
  /** Without `json`: deletes the value. */
  readonly writeState: {
    readonly args: readonly [scope: string, key: string, ...json: readonly string[]];
    readonly value: null;
  };
  /** The place of a folder of the version, by its hash. */
  readonly folder: { readonly args: readonly [hash: string]; readonly value: string };
  /** Where the worker takes the files of the try. */
  readonly fileAccess: { readonly args: readonly []; readonly value: FileAccess };
  readonly labelRun: {
    readonly args: readonly [key: string, value: string];
    readonly value: null;
  };
  readonly noteRun: { readonly args: readonly [text: string]; readonly value: null };
  /** `json` is a JSON object of values by name. */
  readonly writeRendered: { readonly args: readonly [json: string]; readonly value: null };
  /** Results of steps by name, as JSON text; null for a step without result. */
  readonly readSteps: {
    readonly args: readonly [];
    readonly value: Readonly<Record<string, string | null>>;
  };
  readonly beginStep: { readonly args: readonly [name: string]; readonly value: null };
  /** Without `json`: the step has no result. */
  readonly writeStep: {
    readonly args: readonly [name: string, ...json: readonly string[]];
    readonly value: null;
  };
  readonly assetEvents: {
    readonly args: readonly [uri: string, limit: string];
    readonly value: readonly AssetEvent[];
  };
}
export type CallMethod = keyof Calls;

/** From worker to task process. */
export type ToChild =
  /** The one bundle of the process; `path` is where stacks say that it is. */
  | { readonly type: "load"; readonly path: string; readonly code: string }
  | {
      readonly type: "run";
      /** Numbers the tries of this process, from 1. */
      readonly try: number;
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

/**
 * From task process to worker. Each message names its try by the number that `run` gave,
 * because code of an ended try may still send while the next try runs.
 */
export type FromChild =
  | { readonly type: "ready" }
  /** The process has loaded its bundle, as part of its first try. */
  | { readonly type: "loaded"; readonly try: number }
  | {
      readonly type: "log";
      readonly try: number;
      readonly level: LogLevel;
      readonly source: LogSource;
      readonly text: string;
    }
  | {
      readonly type: "call";
      readonly try: number;
      readonly call: number;
      readonly method: CallMethod;
      readonly args: readonly string[];
    }
  /** A span that ended; only while traces are on. Null: the worker cannot read it. */
  | { readonly type: "span"; readonly try: number; readonly span: SpanRecord | null }
  /**
   * `isSpoilt`: the process must not be used again. The body may still run, because an
   * error outside it ended the try, or the try left something behind. `ms`: how long the
   * process was busy with the try. `rss`: the memory of the process in bytes, sent now and
   * then.
   */
  | {
      readonly type: "done";
      readonly try: number;
      readonly result: TryResult;
      readonly isSpoilt: boolean;
      readonly ms: number;
      readonly rss?: number;
    };
