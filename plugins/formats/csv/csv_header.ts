/** The columns of a CSV file: by its first line, or by the options. Pure. */
import { DagsmithError } from "dagsmith";
import { foldedNames } from "../header.ts";

/**
 * The names of the fields, in lower case. A field without a name has "", and is not
 * loaded.
 * @param first the fields of the first line
 * @param required the columns of the load
 * @throws FailTask when a name stands twice, or a required one is missing
 */
export function columnNames(
  header: boolean | readonly string[],
  first: readonly (string | null)[],
  required: readonly string[],
): readonly string[] {
  const found = header === true ? first : header === false ? required : header;
  if (found.length === 0)
    throw new DagsmithError("INVALID_OPTION", {
      where: "a CSV file",
      option: "header",
      found: "false",
      allowed: "a list of names, when the load names no columns",
    });
  return foldedNames("CSV", found, required);
}
