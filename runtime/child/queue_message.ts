/** A message as tasks read it, from what its system delivered. Pure. */
import type { Json } from "../../sdk/json.ts";
import type { ReceivedMessage } from "../../sdk/message_queue.ts";
import type { QueueMessage } from "../../sdk/sources/messages.ts";
import { isTooDeep } from "../params/schemas/json_depth.ts";
import type { UnreadableMessage } from "./reader_request.ts";

/** As large as a call of a webhook may be, and as Kafka and SQS allow by default. */
const MAX_BYTES = 1024 * 1024;
/** Most characters of an id: it is in an index of the database. */
const MAX_ID = 500;
/** In JSON, what PostgreSQL cannot read as text: NUL, and half a character. */
const NO_TEXT = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The message, or why no run can have it. */
export function messageOf(received: ReceivedMessage): QueueMessage | UnreadableMessage {
  const { id, body, key, headers, at } = received;
  if (id === "" || id.length > MAX_ID || id !== storable(id))
    return {
      id: storable(id).slice(0, 100),
      reason: `its id is no text of 1 to ${MAX_ID} characters`,
    };
  const text = typeof body === "string" || body === null ? body : textOf(body);
  if (text === undefined) return { id, reason: "it is not UTF-8" };
  if (text?.includes("\0")) return { id, reason: "it has a NUL character" };
  if (text !== null && Buffer.byteLength(text) > MAX_BYTES)
    return { id, reason: "it is larger than 1 MiB: send where the data is instead" };
  return {
    ...{ id, at, key: key === null ? null : storable(key) },
    value: text === null ? null : jsonOf(text.toWellFormed()),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [storable(name), storable(value)]),
    ),
  };
}

const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

function textOf(body: Uint8Array): string | undefined {
  try {
    return decoder.decode(body);
  } catch {
    return undefined;
  }
}

/** JSON that is too deep for the checks of schemas, or cannot be stored, stays a text. */
function jsonOf(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    return NO_TEXT.test(JSON.stringify(value)) || isTooDeep(value) ? text : value;
  } catch {
    return text;
  }
}
