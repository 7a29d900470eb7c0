/** Events that start runs, as plain data. */
import type { Json } from "../json.ts";

/** An event source of a DAG. Its name is unique within the DAG. */
export type EventSpec =
  /** Changes of the rows of a table. */
  | {
      readonly type: "postgresChanges";
      readonly name: string;
      readonly connection: string;
      readonly schema: string;
      readonly table: string;
      readonly operations: readonly ("insert" | "update" | "delete")[];
      /** At most this many changes make one run. */
      readonly batch: number;
      /** JSON Schema of a change; other changes make no run. */
      readonly when?: Json;
    }
  /** Messages of a queue of another system. */
  | {
      readonly type: "messages";
      readonly name: string;
      /** The id of the message queue, whose code a plugin has. */
      readonly queue: string;
      readonly connection: string;
      /** What the queue needs besides, such as its topic. */
      readonly settings: Readonly<Record<string, Json>>;
      /** At most this many messages make one run. */
      readonly batch: number;
      /** How long messages are collected for one run; 0: not at all. */
      readonly windowMs: number;
      /** JSON Schema of key, value and headers; other messages make no run. */
      readonly when?: Json;
    }
  /** Calls of a web address. */
  | {
      readonly type: "webhook";
      readonly name: string;
      /** The key of the variable that holds the secret. */
      readonly secret: string;
      /** JSON Schema (draft 2020-12) of the body; null for any body. */
      readonly bodySchema: Json | null;
      /** JSON Schema of `event`, `headers` and `body`; other calls make no run. */
      readonly when?: Json;
      /** Names of the headers that tasks get, in lower case. */
      readonly headers?: readonly string[];
    }
  /** Ends of runs of other DAGs. */
  | {
      readonly type: "dagRun";
      readonly name: string;
      /**
       * One run of each DAG has to end in one of these states, no further apart than
       * `withinMs`.
       */
      readonly runs: readonly {
        readonly dagId: string;
        readonly states: readonly ("success" | "failed")[];
      }[];
      readonly withinMs: number;
      /** JSON Schema of an end, with params and labels; other ends make no run. */
      readonly when?: Json;
      /**
       * Present for a source that listens to any DAG: `runs` is empty, and each end in
       * one of these states counts.
       */
      readonly any?: {
        readonly states: readonly ("success" | "failed")[];
        /** The DAG of the run has one of these tags; empty: any DAG. */
        readonly tags: readonly string[];
        /** Ids of DAGs that are not listened to. */
        readonly exclude: readonly string[];
      };
    };
