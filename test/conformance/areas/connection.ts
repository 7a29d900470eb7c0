/** Connections as the environment holds them. */
import { z } from "zod";
import { parseConnection } from "../../../sdk/connection.ts";
import { type Answer, area } from "../area.ts";

function fieldsOf(text: string): Answer {
  const { type, host, port, login, password, schema, extra } = parseConnection("case", text);
  return { conn_type: type, host, port, login, password, schema, extra };
}

export const connectionUri = area(z.object({ uri: z.string() }), ({ uri }) => fieldsOf(uri));

export const connectionJson = area(z.object({ json: z.unknown() }), ({ json }) =>
  fieldsOf(typeof json === "string" ? json : JSON.stringify(json)),
);
