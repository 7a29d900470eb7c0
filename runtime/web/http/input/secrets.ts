/** Input about connections and variables. */
import { z } from "zod";
import { filled, formVersion, optional, text, version } from "./fields.ts";

const name = z.string().regex(/^[\w.-]{1,200}$/, "is not an id");
const MAX_VALUE = 64 * 1024;

export const connectionParams = z.object({ id: name.meta({ description: "Id of a connection" }) });
export const variableParams = z.object({ key: name.meta({ description: "Key of a variable" }) });
export const newConnectionQuery = z.object({ type: filled(optional(text(100))) });

/** What the forms of the page send besides the fields. */
export const connectionForm = z.object({
  ...{ id: name, type: text(100), version: formVersion },
  /** Lines, as {@link formBody} joins them: fields to clear. */
  clear: text(MAX_VALUE).default(""),
});
export const variableForm = z.object({ key: name, value: text(MAX_VALUE), version: formVersion });

export const connectionBody = z.object({
  value: text(MAX_VALUE).meta({ description: "A URI or a JSON object; it is never sent back" }),
  version,
});
export const clearBody = z.object({
  fields: z
    .array(text(200))
    .min(1)
    .max(100)
    .meta({ description: "Fields to clear", example: ["password"] }),
  version,
});
export const variableBody = z.object({
  value: text(MAX_VALUE).meta({ description: "It is never sent back" }),
  version,
});
