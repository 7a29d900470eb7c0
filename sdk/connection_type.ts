/**
 * Types of connection: which fields a system needs, and how a connection to it is tested.
 * Hooks, forms, commands and documents read the fields from here, and nowhere else.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Connection } from "./connection.ts";
import { DagsmithError } from "./errors.ts";
import type { HookContext } from "./hook.ts";
import type { Json } from "./json.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import { invalidOption } from "./option_values.ts";

/**
 * Options of {@link connectionType}.
 * @typeParam Schema the schema of the fields
 * @example
 * const options: ConnectionTypeOptions<typeof fields> = { ...about, fields };
 */
export interface ConnectionTypeOptions<Schema extends StandardSchemaV1> {
  /** The type as connections name it, such as `postgres`. */
  readonly id: string;
  /** Other names of the type. Default: none. */
  readonly aliases?: readonly string[];
  /** The name of the system, for people. */
  readonly title: string;
  /** What else people should know, in sentences. Default: nothing. */
  readonly description?: string;
  /** A URI in Airflow's form. */
  readonly example: string;
  /**
   * The schema of an object that can write its JSON Schema (zod 4 can). The fields
   * `host`, `port`, `login`, `password` and `schema` are parts of the connection, all
   * others are in `extra`. A field with `writeOnly: true` is a secret.
   */
  readonly fields: Schema;
  /**
   * Tries a connection, and changes nothing.
   * @returns one line about the system that answered
   * @throws Error whose message says why not
   */
  readonly test: (
    fields: StandardSchemaV1.InferOutput<Schema>,
    context: HookContext,
    connection: Connection,
  ) => Promise<string>;
}

/**
 * A type of connection.
 * @typeParam Fields what the schema makes of the fields
 * @example
 * const type: ConnectionType<{ host: string }> = redisConnection;
 */
export interface ConnectionType<Fields = unknown>
  extends Pick<
    ConnectionTypeOptions<StandardSchemaV1>,
    "id" | "title" | "description" | "example"
  > {
  /** The id, then the aliases: the option `types` of a hook. */
  readonly ids: readonly [string, ...string[]];
  /** The JSON Schema (draft 2020-12) of the fields. */
  readonly jsonSchema: () => Json;
  /**
   * The checked fields of a connection.
   * @throws DagsmithError INVALID_CONNECTION; the message repeats no value
   */
  readonly read: (connection: Connection) => Fields;
  /** Reads the fields and tries the connection, as the option `test` does. */
  readonly test: (connection: Connection, context: HookContext) => Promise<string>;
}

/**
 * Defines a type of connection. A package exports its types as `connectionTypes`.
 * @throws DagsmithError INVALID_OPTION, when the JSON Schema is first used
 * @example
 * export const redisConnection = connectionType({
 *   id: "redis",
 *   title: "Redis",
 *   example: "redis://:secret@cache:6379",
 *   fields: z.object({ host: z.string(), password: z.string().meta({ writeOnly: true }) }),
 *   test: async ({ host, password }) => ping(host, password),
 * });
 */
export function connectionType<Schema extends StandardSchemaV1>({
  fields,
  aliases = [],
  test,
  ...about
}: ConnectionTypeOptions<Schema>): ConnectionType<StandardSchemaV1.InferOutput<Schema>> {
  let written: Json | undefined;
  const jsonSchema = (): Json => (written ??= schemaOf(about.id, fields));
  const read = (connection: Connection): StandardSchemaV1.InferOutput<Schema> =>
    checked(about.id, fields, connection, propertiesOf(jsonSchema()));
  return {
    ...about,
    ids: [about.id, ...aliases],
    jsonSchema,
    read,
    test: async (connection, context) => test(read(connection), context, connection),
  };
}

function checked<Schema extends StandardSchemaV1>(
  type: string,
  fields: Schema,
  connection: Connection,
  properties: Properties,
): StandardSchemaV1.InferOutput<Schema> {
  const result = fields["~standard"].validate(fieldsOf(connection, properties));
  if (result instanceof Promise) throw refused(type, "a schema that waits");
  if (result.issues) throw invalid(connection.id, result.issues);
  return result.value as StandardSchemaV1.InferOutput<Schema>;
}

function schemaOf(id: string, fields: StandardSchemaV1): Json {
  const words = { found: "a schema that JSON Schema cannot express", allowed: "plain JSON fields" };
  const schema = jsonSchemaOf(fields, "fields", `connectionType("${id}")`, words);
  if (schema === undefined) throw refused(id, "a schema that writes no JSON Schema");
  return schema;
}

function refused(id: string, found: string): DagsmithError {
  return invalidOption(
    `connectionType("${id}")`,
    "fields",
    found,
    "a schema such as an object of zod 4",
  );
}

type Properties = Readonly<Record<string, { readonly type?: Json }>>;

function propertiesOf(schema: Json): Properties {
  return ((schema as { readonly properties?: Properties }).properties ?? {}) as Properties;
}

/** All fields that are set, by name. The parts of the connection come before `extra`. */
function fieldsOf(
  { host, port, login, password, schema, extra }: Connection,
  properties: Properties,
): Readonly<Record<string, Json>> {
  const given = Object.entries({ ...extra, host, port, login, password, schema });
  return Object.fromEntries(
    given
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => [name, ofType(value, properties[name]?.type)]),
  );
}

/** A URI has only texts, and Airflow's forms write numbers as texts too. */
function ofType(value: Json, type: Json | undefined): Json {
  if (type === "string" && ["number", "boolean"].includes(typeof value)) return String(value);
  if (typeof value !== "string") return value;
  if (type === "integer" || type === "number") return numberOf(value);
  if (type === "boolean") return { true: true, false: false }[value.toLowerCase()] ?? value;
  return type === "object" || type === "array" ? jsonOf(value) : value;
}

function numberOf(text: string): Json {
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function invalid(id: string, issues: readonly StandardSchemaV1.Issue[]): DagsmithError {
  const reason = issues.map(wordsOf).join("; ");
  return new DagsmithError("INVALID_CONNECTION", { id, reason });
}

/** A message that begins small goes on after the name of the field. */
function wordsOf({ path = [], message }: StandardSchemaV1.Issue): string {
  const names = path.map((part) => String(typeof part === "object" ? part.key : part));
  if (names.length === 0) return message;
  return `${names.join(".")}${/^[a-z]/.test(message) ? " " : ": "}${message}`;
}
