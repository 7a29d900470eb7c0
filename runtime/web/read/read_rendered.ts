/** Reads what a try of a task really ran. */
import { type RenderedQuery, renderedFields } from "../../store/reads/rendered.ts";
import type { RenderedField } from "../../store/values/rendered_fields.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

/** Masked again: a secret may have become known after the fields were stored. */
export async function readRendered(
  { reader, mask }: WebServices,
  query: RenderedQuery,
): Promise<readonly RenderedField[]> {
  return (await renderedFields(reader, query)).map((field) => maskRow(mask, field, []));
}
