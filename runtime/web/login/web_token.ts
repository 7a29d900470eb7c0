/** DAG_WEB_TOKEN: people choose it, and a program that has it may do everything. */
import { DagsmithError } from "../../../sdk/errors.ts";

/** 128 random bits in base64. */
const LEAST = 22;
const DIFFERENT = 8;

/** @throws DagsmithError WEAK_WEB_TOKEN when it can be guessed */
export function checkWebToken(token: string): void {
  if (token.length < LEAST || new Set(token).size < DIFFERENT)
    throw new DagsmithError("WEAK_WEB_TOKEN", { least: LEAST, different: DIFFERENT });
}
