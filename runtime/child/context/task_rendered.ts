/** What a task really ran, as the task reports it. */
import type { Json } from "../../../sdk/json.ts";
import { type Rendered, renderedJson } from "../../../sdk/task/rendered.ts";
import { describeError } from "../task_error.ts";

/** Longer values are cut before they are sent, and become text. Characters of JSON. */
const MAX_SENT = 200_000;

/** Rendered fields by name. */
export type RenderedFields = Readonly<Record<string, Json>>;

/** Where rendered fields are written. */
export interface RenderedHost {
  /** Replaces all fields of the try. */
  writeRendered(fields: RenderedFields): Promise<void>;
}

/** The rendered fields of one try. */
export interface TryRendered {
  readonly rendered: Rendered;
  /** Resolves when every report is written. Never rejects. */
  written(): Promise<void>;
}

/** @param warn logs why a report was not written */
export function tryRendered(host: RenderedHost, warn: (text: string) => void): TryRendered {
  const all: Record<string, Json> = {};
  let written = Promise.resolve();
  const failed = (error: unknown): void =>
    warn(`the rendered fields were not written: ${describeError(error).message}`);
  const rendered: Rendered = (fields) => {
    try {
      Object.assign(all, sendable(renderedJson(fields)));
    } catch (error) {
      return failed(error);
    }
    const report = { ...all };
    // One after the other: the fields of the last report must be those that stay.
    written = written.then(() => host.writeRendered(report)).catch(failed);
  };
  return { rendered, written: () => written };
}

function sendable(fields: RenderedFields): RenderedFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)]));
}

function cut(value: Json): Json {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // As JSON carries it: a date becomes text here, and a circle is found here.
  if (text.length <= MAX_SENT) return typeof value === "string" ? value : JSON.parse(text);
  return text.slice(0, MAX_SENT);
}
