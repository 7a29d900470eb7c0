/**
 * How long history is kept: the kinds of rows that grow without an end, and the text that
 * sets their ages. docs/operations.md says for each table which kind deletes it.
 */
import { type Duration, durationMs } from "../sdk/duration.ts";
import { errorMessage } from "../sdk/error_message.ts";

export const RETENTION_KINDS = [
  "runs",
  "logs",
  "decisions",
  "asset-events",
  "audit",
  "backfills",
  "versions",
] as const;

/** A kind of history that may be deleted apart from the others. */
export type RetentionKind = (typeof RETENTION_KINDS)[number];

/** The age in milliseconds at which a kind is deleted. A kind that is missing is kept. */
export type Retention = Readonly<Partial<Record<RetentionKind, number>>>;

/** While runs are active, deleting is followed by a rest of so many times its length. */
export const RESTS = 3;

/** Younger history is in use: a task that was cancelled may still write its log. */
const SHORTEST_MS = 3_600_000;

/**
 * Reads the ages of kinds. An age without a kind holds for all kinds that have no age of
 * their own.
 * @throws Error whose message completes the sentence "the value is invalid: …"
 * @example parseRetention("90d, logs=14d, audit=never")
 */
export function parseRetention(text: string): Retention {
  const entries = text.split(",").map(parseEntry);
  const kinds = entries.map(([kind]) => kind);
  const twice = kinds.find((kind, index) => kinds.indexOf(kind) < index);
  if (twice !== undefined) throw new Error(`${nameOf(twice)} has two ages.`);
  const ages = new Map(entries);
  return Object.fromEntries(
    RETENTION_KINDS.flatMap((kind) => {
      const age = ages.has(kind) ? ages.get(kind) : ages.get("all");
      return age === undefined || age === "never" ? [] : [[kind, age]];
    }),
  );
}

/**
 * Reads an age.
 * @returns milliseconds
 * @throws Error whose message completes the sentence "the value is invalid: …"
 */
export function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (ms >= SHORTEST_MS) return ms;
  throw new Error(`${text} is too short; allowed: 1h or longer.`);
}

/**
 * Reads kinds between commas.
 * @throws Error whose message completes the sentence "the value is invalid: …"
 */
export function parseKinds(text: string): readonly RetentionKind[] {
  return [...new Set(text.split(",").map((name) => parseKind(name.trim())))];
}

type Entry = readonly [kind: RetentionKind | "all", age: number | "never"];

function parseEntry(text: string): Entry {
  const [first = "", second] = text.split("=", 2).map((part) => part.trim());
  return second === undefined
    ? ["all", parseAgeOrNever(first)]
    : [parseKind(first), parseAgeOrNever(second)];
}

function parseAgeOrNever(text: string): number | "never" {
  return text === "never" ? text : parseAge(text);
}

function parseKind(name: string): RetentionKind {
  const kind = RETENTION_KINDS.find((known) => known === name);
  if (kind !== undefined) return kind;
  throw new Error(`"${name}" is no kind of history; allowed: ${RETENTION_KINDS.join(", ")}.`);
}

function parseDuration(text: string): number {
  try {
    return durationMs(text as Duration);
  } catch (error) {
    throw new Error(errorMessage(error));
  }
}

function nameOf(kind: Entry[0]): string {
  return kind === "all" ? "the age of all kinds" : kind;
}
