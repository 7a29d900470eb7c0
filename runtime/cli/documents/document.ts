/**
 * The documents of `--json`. Their schemas are loaded only by `dag schema` and by tests;
 * commands know their types, so that a field of the schema cannot be missing or of another
 * type. The compiler allows further fields in values that were made elsewhere; tests find
 * these.
 */
import type { ZodType, z } from "zod";

/** Loads the schema of the document that a command prints. */
export type LoadSchema<Schema extends ZodType = ZodType> = () => Promise<Schema>;

/** What a command may return for a schema. A date is printed as text. */
export type DocumentOf<Schema extends ZodType> = DeepReadonly<z.input<Schema>>;

type DeepReadonly<Value> = Value extends Date
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
      : Value;
