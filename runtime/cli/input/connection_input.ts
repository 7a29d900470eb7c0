/** A connection from the arguments of `dag connections set`: a URI, JSON, or fields. */
import { type Connection, parseConnection } from "../../../sdk/connection.ts";
import { wrongUsage } from "../command.ts";
import { label, wholeNumber } from "./option_values.ts";
import { secretInput } from "./secret_input.ts";

/** Options that name the fields. */
export interface FieldOptions {
  readonly type?: string;
  readonly host?: string;
  readonly port?: number;
  readonly login?: string;
  readonly password?: string;
  readonly schema?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

export const FIELD_OPTIONS = [
  { flags: "--type <type>", text: "type of the connection, in place of a URI" },
  { flags: "--host <host>", text: "name or address" },
  { flags: "--port <n>", text: "port", parse: wholeNumber(1, 65_535) },
  { flags: "--login <name>", text: "name of the user" },
  { flags: "--password <text>", text: "password or token; - reads it from standard input" },
  { flags: "--schema <name>", text: "database, bucket or path" },
  { flags: "--extra <key=value>", text: "any other field, may be repeated", parse: label },
];

/** @throws DagsmithError INVALID_ARGUMENT, INVALID_CONNECTION */
export async function connectionInput(
  id: string,
  uri: string | undefined,
  fields: FieldOptions,
): Promise<Connection> {
  const isByFields = Object.keys(fields).length > 0;
  if (!isByFields) return parseConnection(id, await secretInput("connection (URI or JSON)", uri));
  if (uri !== undefined) wrongUsage("uri", "write either a URI or the options of the fields");
  if (fields.type === undefined)
    wrongUsage("--type", "name the type, as dag connections types lists");
  const { password } = fields;
  const secret = password === "-" ? await secretInput("password", password) : password;
  return parseConnection(id, JSON.stringify({ ...fields, password: secret }));
}
