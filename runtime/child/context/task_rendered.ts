/** What a task really ran, as the task reports it. */
import type { Json } from "../../../sdk/json.ts";
import { type Rendered, type RenderedValue, renderedJson } from "../../../sdk/task/rendered.ts";
import { describeError } from "../task_error.ts";

/** Most fields of a try. Later ones are left out. */
export const MAX_FIELDS = 20;

/** Rendered fields by name. */
type RenderedFields = Readonly<Record<string, Json>>;

/** Where rendered fields are written. */
export interface RenderedHost {
  /** Replaces all fields of the try. */
  writeRendered(fields: RenderedFields): Promise<void>;
}

/** The rendered fields of one try. */
export interface TryRendered {
  readonly rendered: Rendered;
  /** Resolves when the last report is written. Never rejects. */
  written(): Promise<void>;
}

/** @param warn logs why a report, or a field of it, was not written */
export function tryRendered(host: RenderedHost, warn: (text: string) => void): TryRendered {
  const all = new Map<string, Json>();
  const failed = (what: string, error: unknown): void =>
    warn(`${what} not written: ${describeError(error).message}`);
  const writer = newestWriter(
    () => host.writeRendered(Object.fromEntries(all)),
    (error) => failed("the rendered fields were", error),
  );
  const add = (name: string, value: Json): void => {
    if (all.has(name) || all.size < MAX_FIELDS) all.set(name, value);
  };
  // Each field apart: one that JSON cannot carry must not take the others with it.
  const addField = (name: string, value: RenderedValue): void => {
    try {
      for (const [part, json] of Object.entries(plainJson(name, value))) add(part, json);
    } catch (error) {
      failed(`the rendered field "${name}" was`, error);
    }
  };
  const rendered: Rendered = (fields) => {
    try {
      for (const [name, value] of Object.entries(fields)) addField(name, value);
      writer.write();
    } catch (error) {
      failed("the rendered fields were", error);
    }
  };
  return { rendered, written: writer.written };
}

/** As JSON carries it: a date becomes text here, and a circle is found here. */
function plainJson(name: string, value: RenderedValue): RenderedFields {
  return Object.fromEntries(
    Object.entries(renderedJson({ [name]: value })).map(([part, json]) => [part, copyOf(json)]),
  );
}

function copyOf(value: Json): Json {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON cannot carry a ${typeof value}`);
  return JSON.parse(text);
}

interface NewestWriter {
  write(): void;
  written(): Promise<void>;
}

/**
 * Writes one after the other. A write that is asked for during another stands for all that
 * are asked for until then: a task that reports often must not wait for each report.
 */
function newestWriter(
  writeNow: () => Promise<void>,
  failed: (error: unknown) => void,
): NewestWriter {
  let isWaiting = false;
  let writing: Promise<void> | null = null;
  const writeAll = async (): Promise<void> => {
    while (isWaiting) {
      isWaiting = false;
      await writeNow().catch(failed);
    }
    writing = null;
  };
  return {
    write: () => {
      isWaiting = true;
      writing ??= writeAll();
    },
    written: async () => void (await writing),
  };
}
