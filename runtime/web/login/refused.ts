/** Refused logins in the audit, where admins see that passwords are guessed. */
import type { Request } from "express";
import { type Refusal, recordRefusal } from "../../store/access/refusal.ts";
import type { WebServices } from "../http/services.ts";
import { addressKey } from "./counting.ts";

/**
 * Counts a refused guess. A name is kept only when a user has it: people type passwords
 * into the wrong box. Without an answer of the database the guess is refused all the same.
 */
export async function auditRefusal(
  { reader, log }: Pick<WebServices, "reader" | "log">,
  request: Request,
  refused: Omit<Refusal, "from">,
): Promise<void> {
  const refusal = { ...refused, from: addressKey(request) };
  try {
    await recordRefusal(reader, refusal);
  } catch (error) {
    log("refusal_unaudited", { error, ...refusal });
  }
}
