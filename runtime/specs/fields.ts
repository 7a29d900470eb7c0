/** The fields that the schemas of specs share. */
import { z } from "zod";
import type { Json } from "../../sdk/json.ts";

const NUL = "\u0000";

/** PostgreSQL can store no NUL. */
export const text = z.string().refine((value) => !value.includes(NUL), "holds a NUL character");
export const id = z.string().regex(/^[\w.-]{1,200}$/, "is not an id");
export const optionalText = text.nullable();
export const json = z.json() as z.ZodType<Json>;
export const amount = z.number().nonnegative();
export const count = z.int().nonnegative();
/** PostgreSQL's integers are smaller: a larger one fails the statements that count DAGs. */
const MAX_INT = 2_147_483_647;
export const storedCount = z.int().min(0).max(MAX_INT);
export const storedInt = z.int().min(-MAX_INT).max(MAX_INT);
export const yes = z.literal(true);
export const instant = z.iso.datetime().nullable();

/** The fields of a type that a schema leaves out; of a union, by the `type` of each part. */
type Unchecked<Type, Checked> = Type extends { readonly type: infer Name }
  ? Exclude<keyof Type, keyof Extract<Checked, { readonly type: Name }>>
  : Exclude<keyof Type, keyof Checked>;

/**
 * Fails to compile when a type has a field that its schema does not check: such a field
 * would be refused when a DAG is deployed from another machine.
 */
export const checksAllOf =
  <Type extends object>() =>
  <Schema extends z.ZodType<Type>>(
    schema: [Unchecked<Type, z.infer<Schema>>] extends [never]
      ? Schema
      : { readonly missing: Unchecked<Type, z.infer<Schema>> },
  ): z.ZodType<Type> =>
    schema as unknown as z.ZodType<Type>;
