/** The output of a process: what it wrote to the file that `$DAGSMITH_OUTPUT` names. */
import { open } from "node:fs/promises";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { FailTask, type Json, withCode } from "dagsmith";

/** More than any database takes as an output; it bounds the memory for reading. */
const LARGEST_OUTPUT = 64 * 1024 * 1024;

/**
 * The output of a process, checked by its schema.
 * @param written what the process wrote to `$DAGSMITH_OUTPUT`; null when it wrote nothing
 * @param lastStdout the output of a process that wrote nothing, where a schema wants one
 * @throws FailTask when the output does not fit the schema
 * @example const rows = await checkOutput("12", null, z.coerce.number());
 */
export async function checkOutput<Output>(
  written: string | null,
  lastStdout: string | null,
  schema: StandardSchemaV1<unknown, Output> | undefined,
): Promise<Output> {
  // Without a schema, Output is its default, Json.
  if (schema === undefined) return parsed(written) as Output;
  const output = parsed(written) ?? parsed(lastStdout);
  const result = await schema["~standard"].validate(output);
  if (!result.issues) return result.value;
  const problems = result.issues.map(({ path, message }) => `${pathOf(path)}${message}`);
  throw withCode(
    "INVALID_OUTPUT",
    new FailTask(`The output ${excerpt(output)} does not fit: ${problems.join("; ")}`),
  );
}

/**
 * Refuses an output that would fill the memory.
 * @throws FailTask
 * @example refuseLargeOutput(stat.size);
 */
export function refuseLargeOutput(bytes: number): void {
  if (bytes > LARGEST_OUTPUT)
    throw withCode(
      "OUTPUT_TOO_LARGE",
      new FailTask(
        `The process wrote ${bytes} bytes to $DAGSMITH_OUTPUT; at most ${LARGEST_OUTPUT} are read. Write a large result to a file and output its path.`,
      ),
    );
}

/**
 * What a process wrote to a file; null when the file is empty or absent.
 * @throws FailTask when it is too large
 */
export async function readOutput(path: string): Promise<string | null> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    refuseLargeOutput(size);
    return size === 0 ? null : await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** JSON where the text is JSON, else the text without its last line end. */
function parsed(text: string | null): Json {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text.replace(/\r?\n$/, "");
  }
}

function pathOf(path: StandardSchemaV1.Issue["path"]): string {
  const keys = path?.map((part) => String(typeof part === "object" ? part.key : part)) ?? [];
  return keys.length === 0 ? "" : `${keys.join(".")}: `;
}

function excerpt(output: Json): string {
  const text = JSON.stringify(output);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
