/**
 * The connection types of a deployment: those of the plugins, and those of the packages
 * that DAG_CONNECTION_TYPES names. Code of types runs in processes of its own.
 */
import type { Connection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { DescribedType, TypesAnswer, TypesRequest } from "../child/types_request.ts";
import type { ProcessOptions } from "./plugin_process.ts";
import { askTypes } from "./types_process.ts";

export type { DescribedType };

/** The types, and the packages that could not be loaded. */
interface TypeList {
  readonly types: readonly DescribedType[];
  /** Sentences that begin with the name of a package. */
  readonly problems: readonly string[];
}

/** How a test ended. */
export interface TestResult {
  readonly ok: boolean;
  /** One line: what answered, or why it failed. May hold a secret: mask it. */
  readonly line: string;
}

export interface ConnectionTypes {
  /** @throws DagsmithError CONNECTION_TYPES_FAILED */
  list(): Promise<TypeList>;
  /**
   * Reads the fields of a connection as a hook does. A type that is not known is not
   * checked, because a DAG may bring a hook of its own.
   * @throws DagsmithError CONNECTION_REFUSED, CONNECTION_TYPES_FAILED
   */
  check(connection: Connection): Promise<void>;
  /**
   * Tries a connection, for at most 15 seconds.
   * @throws DagsmithError UNKNOWN_CONNECTION_TYPE, CONNECTION_TYPES_FAILED
   */
  test(connection: Connection): Promise<TestResult>;
}

/** Where types come from. */
export interface ConnectionTypesOptions extends ProcessOptions {
  readonly packages: readonly string[];
  readonly projectFolder: string;
}

const TIME_LIMIT_MS = 15_000;

export function connectionTypes(options: ConnectionTypesOptions): ConnectionTypes {
  const { packages, projectFolder } = options;
  const ask = (of: Pick<TypesRequest, "ask" | "connection">): Promise<TypesAnswer> =>
    askTypes({ ...of, packages, projectFolder, timeLimitMs: TIME_LIMIT_MS }, options);
  let listed: Promise<TypeList> | undefined;
  return {
    list: () => {
      // A failure is not kept: the next caller asks again.
      listed ??= ask({ ask: "describe", connection: null }).then(listOf);
      listed.catch(() => (listed = undefined));
      return listed;
    },
    check: async (connection) => {
      const answer = await ask({ ask: "check", connection });
      if (answer.type === "tried" && !answer.ok)
        throw new DagsmithError("CONNECTION_REFUSED", { reason: answer.line });
    },
    test: async (connection) => {
      const answer = await ask({ ask: "test", connection });
      if (answer.type === "tried") return { ok: answer.ok, line: answer.line };
      const known = answer.type === "unknown" ? answer.known.join(", ") : "";
      throw new DagsmithError("UNKNOWN_CONNECTION_TYPE", { type: connection.type, known });
    },
  };
}

function listOf(answer: TypesAnswer): TypeList {
  if (answer.type === "described") return answer;
  const reason = answer.type === "tried" ? answer.line : "no description came";
  throw new DagsmithError("CONNECTION_TYPES_FAILED", { reason });
}
