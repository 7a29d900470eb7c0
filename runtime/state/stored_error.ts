/** Errors as they are stored with a try. Pure. */
import type { DagsmithError } from "../../sdk/errors.ts";

/** An error as stored with a try. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Stable, such as `COMMAND_FAILED`; of errors that have one. */
  readonly code?: string;
}

/** An error of dagsmith itself, which no code of a task threw. */
export function storedError({ name, message, code }: DagsmithError): StoredError {
  return { name, message, stack: "", code };
}
