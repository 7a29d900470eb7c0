/** The fields of inputs. All input from addresses and bodies is checked here. */
import { z } from "zod";
import { CODE_CHOICES } from "../../../store/backfills/backfill.ts";
import { LONGEST_FOLDED } from "../../groups/folded_groups.ts";

/**
 * PostgreSQL's integers are smaller than JavaScript's; no larger number may reach a
 * statement.
 */
export const MAX_INT = 2_147_483_647;

/** PostgreSQL can neither store nor compare NUL. */
const NUL = "\u0000";
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes(NUL), "holds a NUL character");

export const dagId = z
  .string()
  .regex(/^[\w.-]{1,200}$/, "is not an id")
  .meta({ description: "Id of a DAG", example: "daily_report" });
export const taskId = z
  .string()
  .regex(/^[\w.-]{1,200}$/, "is not an id")
  .meta({ description: "Id of a task" });
export const rowId = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, "is not an id")
  .transform(Number)
  .meta({ description: "Number of a row, as in the page's addresses", example: "42" });
export const smallNumber = z
  .string()
  .regex(/^\d{1,10}$/, "is not a number")
  .transform(Number)
  .refine((value) => value <= MAX_INT, "is too large");
export const mapIndex = z.int().min(0).max(MAX_INT);

export const limit = (most: number, standard: number) =>
  smallNumber
    .refine((value) => value >= 1 && value <= most, `must be from 1 to ${most}`)
    .default(standard);
/** Null when the field is missing. */
export const optional = <Value extends z.ZodType>(schema: Value) =>
  schema.nullish().transform((value) => value ?? null);
/** An empty field of a form counts as missing. */
export const filled = <Value extends z.ZodType>(schema: Value) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema);

export const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** A day of a date box, in UTC. */
export const dayStart = z.iso.date().transform((day) => new Date(`${day}T00:00:00Z`));

/** An instant or a day, which the action reads in the DAG's timezone. */
export const day = z.string().max(40).meta({
  description: "ISO 8601, in the DAG's timezone when it names no offset",
  example: "2026-01-31",
});
export const labels = z.record(z.string().max(63), z.string().max(200));
export const code = z
  .enum(CODE_CHOICES)
  .optional()
  .meta({ description: "Which version runs: the original, or the latest" });

/** Ids of groups, separated by commas. */
export const folded = z
  .string()
  .max(LONGEST_FOLDED)
  .regex(/^[\w.,-]*$/, "is not a list of groups")
  .default("")
  .transform((ids) => ids.split(",").filter((id) => id !== ""))
  .meta({ description: "Groups that are shown folded" });

/** The version of a row that the editor has read. */
export const version = z.int().min(0).optional().meta({
  description: "The version that was read; 0: it must be new. Default: any",
});
/** The same as a hidden field of a form. */
export const formVersion = filled(optional(z.coerce.number().int().min(0).max(MAX_INT)));

/** The body of a change that has nothing else to say. */
export const onlyVersion = z.object({ version });
/** The same as a form. */
export const onlyFormVersion = z.object({ version: formVersion });

/**
 * The fields of a form as they were sent. Fields of one name become lines of one text.
 */
export const formBody = z.record(
  z.string(),
  z.union([z.string(), z.array(z.string()).transform((texts) => texts.join("\n"))]),
);

/** Leaves out the fields that are undefined. */
export function defined<Fields extends object>(
  fields: Fields,
): { readonly [Key in keyof Fields]: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as never;
}

/** A version for an action: none when a form or a body has none. */
export function versionOf({ version }: { readonly version?: number | null | undefined }): {
  readonly version?: number;
} {
  return typeof version === "number" ? { version } : {};
}
