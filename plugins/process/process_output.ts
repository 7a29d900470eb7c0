/** The output of a process: what it wrote to the file that `$DAGSMITH_OUTPUT` names. */
import { open } from "node:fs/promises";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { FailTask, type Json } from "dagsmith";

/** More than any database takes as an output; it bounds the memory for reading. */
const LARGEST_OUTPUT = 64 * 1024 * 1024;

/**
 * Reads and checks the output.
 * @param file what the process may have written
 * @param otherwise the output of a process that wrote nothing, where a schema wants one
 * @throws FailTask when the output is too large, or does not fit the schema
 */
export async function readOutput<Output>(
  file: string,
  otherwise: string | null,
  schema: StandardSchemaV1<unknown, Output> | undefined,
): Promise<Output> {
  const written = parsed(await textOf(file));
  // Without a schema, Output is its default, Json.
  if (schema === undefined) return written as Output;
  const output = written ?? parsed(otherwise);
  const result = await schema["~standard"].validate(output);
  if (!result.issues) return result.value;
  const problems = result.issues.map(({ path, message }) => `${pathOf(path)}${message}`);
  throw new FailTask(`The output ${excerpt(output)} does not fit: ${problems.join("; ")}`);
}

/** Null when the file is empty or absent. */
async function textOf(path: string): Promise<string | null> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size > LARGEST_OUTPUT)
      throw new FailTask(
        `The process wrote ${size} bytes to $DAGSMITH_OUTPUT; at most ${LARGEST_OUTPUT} are read. Write a large result to a file and output its path.`,
      );
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
