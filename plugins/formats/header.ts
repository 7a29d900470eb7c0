/** The names of the columns of a file, as a load compares them. Pure. */
import { FailTask } from "dagsmith";

/**
 * The names in lower case. A column without a name has "", and is not loaded.
 * @param format the name of the format, for errors
 * @param required the columns of the load
 * @throws FailTask when a name stands twice, or a required one is missing
 */
export function foldedNames(
  format: string,
  found: readonly (string | null)[],
  required: readonly string[],
): readonly string[] {
  const names = found.map((name) => (name ?? "").trim().toLowerCase());
  refuseDoubled(format, names);
  refuseMissing(format, names, required);
  return names;
}

/** Of two fields with one name, the later would replace the earlier in every row. */
function refuseDoubled(format: string, names: readonly string[]): void {
  const doubled = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
  if (doubled !== undefined)
    throw new FailTask(
      `The ${format} has the column "${doubled}" twice (upper and lower case are the same); its header is ${names.join(", ")}`,
    );
}

function refuseMissing(
  format: string,
  names: readonly string[],
  required: readonly string[],
): void {
  const missing = required.find((name) => !names.includes(name.toLowerCase()));
  if (missing !== undefined)
    throw new FailTask(
      `The ${format} has no column "${missing}"; its header is ${names.join(", ")}`,
    );
}
