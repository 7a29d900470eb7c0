/** The columns of a CSV file: by its first line, or by the options. Pure. */
import { DagsmithError, FailTask } from "dagsmith";

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
  const names = found.map((name) => (name ?? "").trim().toLowerCase());
  refuseDoubled(names);
  refuseMissing(names, required);
  return names;
}

/** Of two fields with one name, the later would replace the earlier in every row. */
function refuseDoubled(names: readonly string[]): void {
  const doubled = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
  if (doubled !== undefined)
    throw new FailTask(
      `The CSV has the column "${doubled}" twice (upper and lower case are the same); its header is ${names.join(", ")}`,
    );
}

function refuseMissing(names: readonly string[], required: readonly string[]): void {
  const missing = required.find((name) => !names.includes(name.toLowerCase()));
  if (missing !== undefined)
    throw new FailTask(`The CSV has no column "${missing}"; its header is ${names.join(", ")}`);
}
