/** A question to people, as plain data: who may answer, and what an answer looks like. */
import type { Json } from "../json.ts";

/** The roles of users, the least first. */
export const ROLES = ["viewer", "operator", "editor", "admin"] as const;
/**
 * A role of users, from the least to the highest: it may do all that those before it may.
 * @example const role: Role = "editor";
 */
export type Role = (typeof ROLES)[number];

/** What is known of a question before a run asks it. */
export interface QuestionSpec {
  /** JSON Schema (draft 2020-12) of the form, an object; null without a form. */
  readonly formSchema: Json | null;
  /** The options of which people choose one; empty for a question with a form alone. */
  readonly options: readonly string[];
  /** Names of the users who may answer. */
  readonly assignees: readonly string[];
  /** The least role that may answer; null: only the assignees may. */
  readonly role: Role | null;
}

/** A question of one task instance, as the try that wrote its text returns it. */
export interface AskSpec {
  readonly type: "ask";
  readonly subject: string;
  /** Markdown; null for none. */
  readonly body: string | null;
  /** Longest time until the answer; null for no limit. */
  readonly timeoutMs: number | null;
  /** The answer after that time, as JSON text; null: the task fails then. */
  readonly otherwise: string | null;
  /** Time between two reminders; null for none. */
  readonly reminderMs: number | null;
}
